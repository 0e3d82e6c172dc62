"""A folder of 100,000 files: bulk delete against the bare SQL, and the first page of the listing."""

import shutil
import time
import uuid

from database import database, fresh_copy, sql
from report import Row, median, milliseconds, percentile, seconds_range
from server import BENCH, new_server, project_connection, running, step

FILES = 100_000
ROUNDS = 5
REQUESTS = 300
# Rows in a transaction of the bare statements: about as many as the job changes within its 20 ms.
BATCH = 5000
JOB_SECONDS = 120

NOW = "SELECT (julianday('now') - 2440587.5) * 86400;\n"

# Equal when the same rows have been changed in the same way: all but times and random gids.
STATE = """
SELECT status, is_file, status_job IS NULL, COUNT(*) FROM assets GROUP BY 1, 2, 3;
SELECT action, data_type, COUNT(*), COUNT(DISTINCT key), MAX(cursor) FROM project_changes GROUP BY 1, 2;
SELECT cursor FROM projects;
"""


def measure():
    server = new_server("bulk")
    step(f"makes a folder of {FILES:,} files")
    folder = make_folder(server)
    seed = BENCH / "bulk" / "seed.sqlite"
    database(server).rename(seed)

    listing, answers, jobs, stamps, bare = [], [], [], [], []
    for number in range(ROUNDS):
        step(f"bulk delete, round {number + 1} of {ROUNDS}")
        fresh_copy(seed, database(server))
        with running(server):
            connection, base = project_connection(server)
            if number == 0:
                listing = list_children(connection, base, folder)
            answered, whole, stamped = bulk_delete(connection, base, folder)
            answers.append(answered)
            jobs.append(whole)
            stamps.append(stamped)
        copy = BENCH / "bulk" / "bare.sqlite"
        fresh_copy(seed, copy)
        bare.append(bare_sql(copy, folder))
        ours, theirs = sql(database(server), STATE), sql(copy, STATE)
        assert ours == theirs, f"the job and the bare statements differ:\n{ours}\n{theirs}"
    shutil.rmtree(BENCH / "bulk")
    return rows(listing, answers, jobs, stamps, bare)


def rows(listing, answers, jobs, stamps, bare):
    what = f"Bulk delete of a folder with {FILES:,} files"
    return [
        Row(
            f"{what}: until the request is answered, median of {ROUNDS} (worst)",
            f"{milliseconds(median(answers))} ({milliseconds(max(answers))})",
            target="< 20 ms",
        ),
        Row(
            f"{what}: from the request to `done` in the feed, against bare SQL, median of {ROUNDS} (range)",
            seconds_range(jobs),
            seconds_range(bare),
            median(bare) / median(jobs),
            "≥ 0.5",
        ),
        Row(
            "The same, from the job's `created_on` to its `updated_on`",
            seconds_range(stamps),
            seconds_range(bare),
            median(bare) / median(stamps),
        ),
        Row(
            f"`assets/children`, first 100 of {FILES:,}, {REQUESTS} requests: p50 (p99)",
            f"{milliseconds(percentile(listing, 50))} ({milliseconds(percentile(listing, 99))})",
            target="p50 < 5 ms",
        ),
    ]


# MARK: The folder


def make_folder(server):
    """Uploads one file and repeats its row in SQL: 100,000 uploads would take minutes. Returns the folder's gid."""
    with running(server):
        connection, base = project_connection(server)
        root = connection.post(f"{base}/assets/root", {})[0]["result"]["root"]
        made = connection.post(f"{base}/assets/create", {"parent": root, "name": "many"})[0]["result"]
        folder = made["asset"]
        boundary = "boundary-of-the-bench"
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="parent"\r\n\r\n{folder}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="upload_file"; filename="photo-000000.jpg"\r\n'
            f"Content-Type: image/jpeg\r\n\r\nNot really a photo.\r\n--{boundary}--\r\n"
        )
        path = f"{base}/assets/upload"
        connection.call("POST", path, body.encode(), f"multipart/form-data; boundary={boundary}")
    gids = "\n".join(f"INSERT INTO gids (gid) VALUES (X'{uuid.uuid4().hex}');" for _ in range(FILES - 1))
    first, files = f"(SELECT id FROM assets WHERE gid = {literal(folder)})", f"{FILES - 1}"
    sql(
        database(server),
        f"""
        BEGIN;
        CREATE TEMP TABLE gids (number INTEGER PRIMARY KEY, gid BLOB NOT NULL);
        {gids}
        INSERT INTO assets
            (gid, project_id, parent_id, name, is_file, blob_id, size, type, info, created_on, updated_on)
        SELECT gids.gid, project_id, parent_id, printf('photo-%06d.jpg', number), 1, blob_id, size, type, info,
            created_on + number, updated_on + number
        FROM gids JOIN assets WHERE assets.parent_id = {first} ORDER BY number;
        -- The words that IndexWords (AssetSQL/SearchRows.swift) makes of these names.
        INSERT INTO asset_search (rowid, name, title, description)
        SELECT id, printf('%d_photo %d_%s %d_jpg', project_id, project_id, substr(name, 7, 6), project_id), '', ''
        FROM assets WHERE parent_id = {first} AND name > 'photo-000000.jpg';
        UPDATE assets SET file_count = file_count + {files} WHERE id = {first};
        COMMIT;
        """,
    )
    return folder


def literal(gid):
    return f"X'{gid.replace('-', '')}'"


# MARK: The measured


def list_children(connection, base, folder):
    body = {"asset": folder, "page.size": 100}
    for _ in range(20):
        page, _ = connection.post(f"{base}/assets/children", body)
    assert len(page["result"]["children"]) == 100 and page["result"]["children.size"] == FILES, page["result"]
    return [connection.post(f"{base}/assets/children", body)[1] for _ in range(REQUESTS)]


def bulk_delete(connection, base, folder):
    """Seconds until the answer, until the feed says `done`, and between the job's own times.

    The job's own times leave out its last transaction, which is not over when it is stamped."""
    cursor = connection.post("/sync/cursors", {})[0]["result"]["cc.cursor"]
    began = time.perf_counter()
    answer, answered = connection.post(f"{base}/assets/bulk/delete", {"selection": [folder]})
    token = answer["result"]["job.token"]
    while time.perf_counter() - began < JOB_SECONDS:
        for item in connection.post("/sync/get", {"cc_cursor": cursor})[0]["result"]["sync"]:
            cursor = item["cursor"]
            if item["data_key"] == token and item["data"]["status"] == "done":
                data = item["data"]
                return answered, time.perf_counter() - began, data["updated_on"] - data["created_on"]
        time.sleep(0.01)
    raise AssertionError(f"the job was not done within {JOB_SECONDS} s")


def bare_sql(path, folder):
    """Seconds that the statements alone take for what the job changes in the assets, the feed and its cursor."""
    facts = sql(
        path,
        f"""
        SELECT folder.id, project_id, cursor FROM assets AS folder JOIN projects ON projects.id = project_id
        WHERE folder.gid = {literal(folder)};
        SELECT MIN(id), MAX(id) FROM assets WHERE parent_id = (SELECT id FROM assets WHERE gid = {literal(folder)});
        """,
    )
    numbers = [int(number) for line in facts[-2:] for number in line.split("|")]
    top, project, cursor, first, last = numbers
    assert last - first == FILES - 1 and top < first, numbers
    now = int(time.time() * 1_000_000)
    script = NOW
    ranges = [(top, top)] + [(low, min(low + BATCH - 1, last)) for low in range(first, last + 1, BATCH)]
    for low, high in ranges:
        script += f"""
            BEGIN IMMEDIATE;
            UPDATE projects SET cursor = cursor + {high - low + 1} WHERE id = {project};
            INSERT INTO project_changes (project_id, cursor, action, data_type, key)
            SELECT project_id, {cursor + 1} + id - {low}, 2, 1, gid FROM assets WHERE id BETWEEN {low} AND {high};
            UPDATE assets SET status = 'deleted', status_job = 1, updated_on = {now} WHERE id BETWEEN {low} AND {high};
            COMMIT;
        """
        cursor += high - low + 1
    times = sql(path, script + NOW)
    return float(times[-1]) - float(times[-2])
