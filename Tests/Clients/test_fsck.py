"""`stockroom fsck`: what it finds and repairs beside a running server, and what it never does."""

import json
import os
import sqlite3
import subprocess
import threading
import time

import pytest

from project_client import ProjectCalls, new_word
from server_process import BINARY, files_below

DAY = 24 * 3600


def fsck(server, *arguments, code):
    done = subprocess.run(
        [BINARY, "fsck", "--json", "--data", server.data, *arguments],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, (done.stdout, done.stderr)
    return json.loads(done.stdout) if code < 2 else done.stderr


def kinds(report):
    return {entry["kind"]: entry for entry in report["damage"]}


@pytest.fixture
def calls(own_server):
    project = own_server.demo["project"]
    return ProjectCalls.with_key(own_server.url, project["gid"], project["apiKey"])


def harm(server, *statements):
    with sqlite3.connect(server.data / "stockroom.sqlite", timeout=10) as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def test_a_server_at_work_is_clean(own_server, calls):
    root = calls.result("assets/root")["root"]
    is_over = threading.Event()
    errors = []

    def work():
        while not is_over.is_set():
            try:
                folder = calls.result("assets/create", {"parent": root, "name": new_word()})["asset"]
                for name in ("a.txt", "b.txt"):
                    calls.upload(folder, name, os.urandom(2000))
                calls.result("assets/delete", {"asset": folder})
                calls.result("assets/permanent_delete", {"asset": folder})
            except Exception as error:
                errors.append(error)
                return

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    reports = [fsck(own_server, *more, code=0) for more in ([], ["--hashes"], ["--repair"], [])]
    is_over.set()
    for worker in workers:
        worker.join()
    assert not errors and all(report["clean"] and report["damage"] == [] for report in reports)
    assert fsck(own_server, "--hashes", code=0)["blobs"] == len(own_server.blob_files())


def test_damage_is_told_and_repaired_where_it_can_be(own_server, calls):
    root = calls.result("assets/root")["root"]
    folder = calls.result("assets/create", {"parent": root, "name": "folder"})["asset"]
    calls.upload(folder, "kept word.txt", b"kept")
    before = own_server.blob_files()
    lost = calls.upload(folder, "lost.txt", b"lost")
    (lost_blob,) = set(own_server.blob_files()) - set(before)
    calls.upload(folder, "rotten.txt", b"sound")
    (rotten_blob,) = set(own_server.blob_files()) - set(before) - {lost_blob}
    root_blobs = own_server.data / "blobs"
    orphan = root_blobs / "ab" / ("ab" + 62 * "0" + "-" + 16 * "1")
    young = root_blobs / "cd" / ("cd" + 62 * "0" + "-" + 16 * "2")
    for path in (orphan, young):
        path.write_bytes(b"nobody's")
    os.utime(orphan, (time.time() - 2 * DAY,) * 2)
    lost_blob.unlink()
    rotten_blob.write_bytes(b"ROTTN")
    harm(
        own_server,
        "UPDATE assets SET file_count = 17 WHERE name = 'folder'",
        "DELETE FROM asset_search WHERE rowid = (SELECT id FROM assets WHERE name = 'kept word.txt')",
    )
    assert calls.result("assets/search", {"language": "en", "q": "word"})["assets.size"] == 0

    found = kinds(fsck(own_server, code=1))
    assert set(found) == {"counts", "search", "missing_bytes", "orphans"}
    assert found["counts"]["examples"][0]["gid"] == folder
    assert found["search"]["examples"][0]["pathname"] == "/folder/kept word.txt"
    assert found["missing_bytes"]["examples"][0]["gid"] == lost
    assert orphan.name in found["orphans"]["examples"][0]["what"] and found["orphans"]["count"] == 1
    assert set(kinds(fsck(own_server, "--hashes", code=1))) == set(found) | {"wrong_bytes"}

    repaired = kinds(fsck(own_server, "--hashes", "--repair", code=1))
    assert {kind: entry["repaired"] for kind, entry in repaired.items()} == {
        **{"counts": 1, "search": 1, "orphans": 1},
        **{"missing_bytes": 0, "wrong_bytes": 0},
    }
    assert calls.result("assets/search", {"language": "en", "q": "word"})["assets.size"] == 1
    # Put aside, not deleted; the young one may be an upload, and what is damaged stays for whoever has a copy.
    assert [path.read_bytes() for path in files_below(own_server.data / "quarantine")] == [b"nobody's"]
    assert young.exists() and not orphan.exists() and rotten_blob.read_bytes() == b"ROTTN"
    left = fsck(own_server, "--hashes", "--repair", code=1)
    assert set(kinds(left)) == {"missing_bytes", "wrong_bytes"}
    names = {asset["name"] for asset in calls.children(folder)}
    assert names == {"kept word.txt", "lost.txt", "rotten.txt"}

    # The bytes come back from a backup.
    lost_blob.write_bytes(b"lost")
    rotten_blob.write_bytes(b"sound")
    assert fsck(own_server, "--hashes", code=0)["clean"]


def test_clients_hear_of_repaired_counts(own_server, calls):
    root = calls.result("assets/root")["root"]
    folder = calls.result("assets/create", {"parent": root, "name": "folder"})["asset"]
    calls.upload(folder, "a.txt", b"a")
    harm(own_server, "UPDATE assets SET file_count = 0 WHERE name = 'folder'")
    with sqlite3.connect(own_server.data / "stockroom.sqlite") as database:
        (cursor,) = database.execute("SELECT cursor FROM projects").fetchone()
    fsck(own_server, "--repair", code=1)
    with sqlite3.connect(own_server.data / "stockroom.sqlite") as database:
        lines = database.execute("SELECT action, hex(key) FROM project_changes WHERE cursor > ?", (cursor,)).fetchall()
    assert lines == [(2, folder.replace("-", "").upper())]


def test_what_cannot_be_checked_is_told(new_server, tmp_path):
    server = new_server()
    assert "no database" in fsck(server, code=2)
    assert not (server.data / "stockroom.sqlite").exists()
    assert server.demo
    assert "nonsense" in fsck(server, "--database", "nonsense:x", code=2)
    (tmp_path / "noise.sqlite").write_bytes(os.urandom(100_000))
    assert "not a database" in fsck(server, "--database", f"sqlite:{tmp_path}/noise.sqlite", code=2)


def test_people_read_words(own_server, calls):
    root = calls.result("assets/root")["root"]
    calls.upload(root, "a.txt", b"a")
    own_server.stop()
    harm(own_server, "UPDATE assets SET size = 5 WHERE name = 'a.txt'")
    done = subprocess.run([BINARY, "fsck", "--data", own_server.data], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and done.stderr == ""
    assert "Files have another size than their bytes: 1\n" in done.stdout and "/a.txt" in done.stdout
