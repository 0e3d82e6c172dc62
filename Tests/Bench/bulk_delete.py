"""A tree of 1,000,000 assets: bulk delete and undelete against the bare SQL."""

import shutil
import time

import dataset
from database import database, literal, sql
from project import Project
from report import Row, median, milliseconds, seconds_range
from server import BENCH, peak_memory, running, step

ROUNDS = 3
# Rows in a transaction of the bare statements: about as many as the job changes in a step.
BATCH = 5000
JOB_SECONDS = 300

NOW = "SELECT (julianday('now') - 2440587.5) * 86400;\n"

# Equal when the same rows have been changed in the same way: all but times and random gids. Without the lines of the
# feed themselves, which the server may compact at any time.
STATE = """
SELECT status, is_file, status_job IS NULL, COUNT(*) FROM assets GROUP BY 1, 2, 3;
SELECT COUNT(DISTINCT key) FROM project_changes;
SELECT cursor FROM projects;
"""

# The calls in their order, and what they make of the status.
CALLS = {"delete": "deleted", "undelete": "published"}


def measure():
    tree = dataset.tree()
    server = tree.copy("bulk")
    total = subtree(database(server), tree.top)[-1]
    answers, jobs, bare, memory = {}, {}, {}, []
    for number in range(ROUNDS):
        step(f"bulk delete and undelete of {total:,} assets, round {number + 1} of {ROUNDS}")
        tree.restore(server)
        with running(server):
            project = Project(server)
            for call in CALLS:
                answered, whole, info = bulk(project, call, tree.top)
                assert info["total"] == total and not info["failed"], info
                answers.setdefault(call, []).append(answered)
                jobs.setdefault(call, []).append(whole)
            memory.append(peak_memory(server.process.pid))
        ours = sql(database(server), STATE)
        tree.restore(server)
        for call, seconds in bare_sql(database(server), tree.top).items():
            bare.setdefault(call, []).append(seconds)
        theirs = sql(database(server), STATE)
        assert ours == theirs, f"the jobs and the bare statements differ:\n{ours}\n{theirs}"
    shutil.rmtree(BENCH / "bulk")
    return rows(total, answers, jobs, bare, memory)


def rows(total, answers, jobs, bare, memory, *, where="", answered="< 20 ms", ratio="≥ 0.6"):
    """`where` it was done, and the targets of the answer's time and of the ratio."""
    table = []
    for call in CALLS:
        what = f"Bulk {call} of a subtree of {total:,} assets{where}"
        table += [
            Row(
                f"{what}: until the request is answered, median of {ROUNDS} (worst)",
                f"{milliseconds(median(answers[call]))} ({milliseconds(max(answers[call]))})",
                target=answered,
            ),
            Row(
                f"{what}: from the request to `done` in the feed, against bare SQL, median of {ROUNDS} (range)",
                seconds_range(jobs[call]),
                seconds_range(bare[call]),
                median(bare[call]) / median(jobs[call]),
                ratio,
            ),
        ]
    return [*table, Row("The server's peak memory in both, worst", f"{max(memory):.0f} MB", target="< 200 MB")]


# MARK: The jobs


def bulk(project, call, asset):
    """Seconds until the answer, and until the feed says `done`; and what that says of the job."""
    cursor = project.cursors()["cc_cursor"]
    began = time.perf_counter()
    answer, answered = project.post(f"assets/bulk/{call}", {"selection": [asset]})
    token = answer["result"]["job.token"]
    while time.perf_counter() - began < JOB_SECONDS:
        for item in project.connection.post("/sync/get", {"cc_cursor": cursor})[0]["result"]["sync"]:
            cursor = item["cursor"]
            if item["data_key"] == token and item["data"]["status"] == "done":
                return answered, time.perf_counter() - began, item["data"]["info"]
        time.sleep(0.01)
    raise AssertionError(f"the job was not done within {JOB_SECONDS} s")


# MARK: Bare SQL


def subtree(path, top):
    """The first and last row of a folder and all that lies below it, and how many there are: no other row is between."""
    first, last, total = numbers(
        path,
        f"""
        WITH RECURSIVE below (id) AS (
            SELECT id FROM assets WHERE gid = {literal(top)}
            UNION ALL SELECT assets.id FROM below JOIN assets ON assets.parent_id = below.id
        )
        SELECT MIN(id), MAX(id), COUNT(*) FROM below;
        """,
    )
    assert last - first == total - 1, (first, last, total)
    return first, last, total


def numbers(path, query):
    """The numbers of the only row."""
    return [int(number) for number in sql(path, query)[-1].split("|")]


def bare_sql(path, top):
    """Seconds that the statements alone take for what each job changes in the assets, the feed and its cursor."""
    first, last, _ = subtree(path, top)
    times = {}
    for job, (call, status) in enumerate(CALLS.items()):
        project, cursor = numbers(
            path,
            f"SELECT projects.id, cursor FROM assets JOIN projects ON projects.id = project_id WHERE assets.id = {first};",
        )
        now = int(time.time() * 1_000_000)
        script = NOW
        for low in range(first, last + 1, BATCH):
            batch = f"id BETWEEN {low} AND {min(low + BATCH - 1, last)}"
            script += f"""
                BEGIN IMMEDIATE;
                INSERT INTO project_changes (project_id, cursor, action, data_type, key)
                SELECT project_id, {cursor + 1} + id - {first}, 2, 1, gid FROM assets WHERE {batch};
                UPDATE projects SET cursor = cursor + changes() WHERE id = {project};
                UPDATE assets SET status = '{status}', status_job = {job + 1}, updated_on = {now} WHERE {batch};
                COMMIT;
            """
        stamps = sql(path, script + NOW)
        times[call] = float(stamps[-1]) - float(stamps[-2])
    return times

