"""What survives `kill -9`, a vanished client, and SIGTERM in the middle of the work."""

import hashlib
import itertools
import os
import shutil
import threading
import time
from collections import Counter

import pytest

import raw_http
from project_client import JOB_SECONDS, ProjectCalls, follow_job, unicat_client, upload_many
from segment_client import SegmentAssets, SegmentClient
from server_process import Server, files_below, wait_until

MB = 1_000_000
SWEEP_SECONDS = 60  # within which a start-up sweep, or the end of a request, has removed what is left over
FILES = 3_000


def project_calls(server):
    project = server.demo["project"]
    return ProjectCalls.with_key(server.url, project["gid"], project["apiKey"])


def segment_assets(server):
    return SegmentAssets(SegmentClient(server.url, server.demo["account"], server.demo["key"]), scope="pr7214")


def bytes_below(folder):
    total = 0
    for path in files_below(folder):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # renamed or removed meanwhile
            pass
    return total


def no_leftovers(server, blobs):
    wait_until(lambda: server.temporary_files() == [], SWEEP_SECONDS, "no temporary file is left")
    wait_until(lambda: server.blob_files() == blobs, SWEEP_SECONDS, "the blob folder is as it was before")


# Uploads


@pytest.fixture
def acknowledged(own_server):
    """Files whose upload was answered with success: {(segment, name): bytes}."""
    assets, files = segment_assets(own_server), {}
    for segment, number in itertools.product((27665601, 27665602), range(5)):
        content = os.urandom(1_000 + number * 70_000)
        assets.upload(segment, f"{number}.bin", content)
        files[segment, f"{number}.bin"] = content
    return files


def assert_all_there(server, files):
    assets = segment_assets(server)
    for (segment, name), content in files.items():
        answer = assets.download(segment, name)
        assert answer.status_code == 200 and answer.content == content, (segment, name)
    for segment in {segment for segment, _ in files}:
        names = [name for _, _, name in assets.listed(segment)]
        assert names == sorted(name for owner, name in files if owner == segment)


def begin_half_an_upload(server, dialect):
    """An upload of 64 MB of which the server has received, and begun to write, the first half."""
    before = bytes_below(server.data)
    if dialect == "project":
        calls = project_calls(server)
        headers = {"Authorization": f"Bearer {calls.token}"}
        parts = [("parent", calls.result("assets/root")["root"]), ("upload_file", "half.bin")]
        path = f"/api/p/{calls.gid}/assets/upload"
    else:
        headers = segment_assets(server).client.auth_headers
        parts, path = [("file", "half.bin")], "/api/media/upload?filename=half.bin"
    connection = raw_http.begin_upload(server.url, path, headers, parts, 64 * MB, 32 * MB)
    wait_until(lambda: bytes_below(server.data) > before + 16 * MB, 30, "half of the upload is being written")
    return connection


@pytest.mark.parametrize("dialect", ["project", "segment"])
def test_kill_in_the_middle_of_an_upload(own_server, acknowledged, dialect):
    calls = project_calls(own_server)
    root = calls.result("assets/root")["root"]
    tree = calls.children(root)
    blobs = own_server.blob_files()
    connection = begin_half_an_upload(own_server, dialect)
    own_server.kill()
    connection.close()

    own_server.start()
    assert project_calls(own_server).children(root) == tree
    assert_all_there(own_server, acknowledged)
    no_leftovers(own_server, blobs)
    assert_all_there(own_server, acknowledged)

    calls = project_calls(own_server)
    gid = calls.upload(root, "half.bin", b"whole now")
    assert calls.assets([gid])[gid]["name"] == "half.bin", "the name was never taken"


@pytest.mark.parametrize("dialect", ["project", "segment"])
@pytest.mark.parametrize("end", [raw_http.reset, lambda connection: connection.close()], ids=["reset", "closed"])
def test_a_connection_that_drops_in_the_middle_of_an_upload(own_server, acknowledged, dialect, end):
    calls = project_calls(own_server)
    root = calls.result("assets/root")["root"]
    tree = calls.children(root)
    blobs = own_server.blob_files()
    end(begin_half_an_upload(own_server, dialect))

    no_leftovers(own_server, blobs)
    assert calls.children(root) == tree
    assert_all_there(own_server, acknowledged)
    assert own_server.stop() == 0


def test_kill_while_many_upload(own_server):
    """Every upload that was answered is there in full; every other one is absent, or there in full."""
    answered, sent, problems = {}, {}, []

    def work(segment):
        assets = segment_assets(own_server)
        for number in itertools.count():
            content = hashlib.sha256(f"{segment} {number}".encode()).digest() * 500
            sent[segment, f"{number}.bin"] = content
            try:
                assets.upload(segment, f"{number}.bin", content)
            except OSError:  # the connection broke (every error of `requests` is one)
                return
            except Exception as error:
                problems.append(error)
                return
            answered[segment, f"{number}.bin"] = content

    workers = [threading.Thread(target=work, args=(27665610 + number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    wait_until(lambda: len(answered) >= 40 or problems, 60, "forty uploads are answered")
    own_server.kill()
    for worker in workers:
        worker.join()
    assert not problems, problems

    own_server.start()
    assets = segment_assets(own_server)
    present = {(segment, name) for segment in range(27665610, 27665614) for _, _, name in assets.listed(segment)}
    assert present >= set(answered) and present <= set(sent)
    assert_all_there(own_server, {key: sent[key] for key in present})
    wait_until(lambda: own_server.temporary_files() == [], SWEEP_SECONDS, "no temporary file is left")


# Jobs


@pytest.fixture(scope="module")
def large_data(tmp_path_factory):
    """A data folder with a folder of 3,000 files: made once, copied for each test."""
    server = Server(tmp_path_factory.mktemp("large"))
    assert server.demo
    server.start()
    try:
        calls = project_calls(server)
        folder = calls.result("assets/create", {"parent": calls.result("assets/root")["root"], "name": "many"})["asset"]
        upload_many(calls, folder, (f"{number:04d}.txt" for number in range(FILES)))
        gids = [asset["gid"] for asset in calls.children(folder)]
        assert len(gids) == FILES
        assert server.stop() == 0
    finally:
        server.kill()
    return server, folder, gids


@pytest.fixture
def large(new_server, large_data):
    """(running server, gid of the folder, gids of its files in order)."""
    original, folder, gids = large_data
    server = new_server()
    shutil.copytree(original.data, server.data)
    server._demo = original.demo
    return server.start(), folder, gids


class Deletion:
    """A bulk delete of the folder's files but three, with all that is needed to judge it afterwards."""

    def __init__(self, server, folder, gids):
        self.server, self.folder, self.gids = server, folder, gids
        self.kept = {gids[0], gids[FILES // 2], gids[-1]}
        calls = project_calls(server)
        self.before = calls.cursors()
        selection = [{"children": folder, "exclude": sorted(self.kept)}]
        self.token = calls.result("assets/bulk/delete", {"selection": selection})["job.token"]

    def reports(self):
        result = project_calls(self.server).result("/sync/get", {"cc_cursor": self.before[0]})
        return [item["data"] for item in result["sync"] if item["data_key"] == self.token]

    def follow_to_the_end(self, folder):
        project = self.server.demo["project"]
        client = unicat_client(self.server.url, project["gid"], project["apiKey"], folder)
        reports = follow_job(client, self.before[0], self.token)
        assert reports[-1]["job"] == "bulk_delete_assets" and "error" not in reports[-1]["info"]
        assert reports[-1]["info"]["total"] == FILES - 3 and reports[-1]["info"]["remaining"] == 0

    def assert_done_once(self):
        calls = project_calls(self.server)
        children = calls.children(self.folder)
        assert [asset["gid"] for asset in children] == self.gids, "nothing lost, nothing doubled"
        assert {asset["gid"] for asset in children if asset["status"] == "published"} == self.kept
        assert {asset["status"] for asset in children} == {"published", "deleted"}

        changes = Counter(
            (item["action"], item["data_key"])
            for item in calls.changes(*self.before)
            if item["data_type"] == "assets" and item["data_key"] != self.folder
        )
        assert changes == {("UPDATE", gid): 1 for gid in self.gids if gid not in self.kept}
        assert len([report for report in self.reports() if report["status"] == "done"]) == 1


@pytest.mark.parametrize("moment", ["answered", "processing"])
def test_kill_in_the_middle_of_a_bulk_delete(large, tmp_path, moment):
    server, folder, gids = large
    deletion = Deletion(server, folder, gids)
    if moment == "processing":
        wait_until(
            lambda: {"processing", "done"} & {report["status"] for report in deletion.reports()},
            JOB_SECONDS,
            "the job has begun",
        )
    server.kill()

    server.start()
    deletion.follow_to_the_end(tmp_path)
    deletion.assert_done_once()


def test_kill_again_and_again_during_a_bulk_delete(large, tmp_path):
    server, folder, gids = large
    deletion = Deletion(server, folder, gids)
    for seconds in (0.0, 0.05, 0.1, 0.2, 0.4):
        time.sleep(seconds)  # the moment of the kill, not a wait for something
        server.kill()
        server.start()
    deletion.follow_to_the_end(tmp_path)
    deletion.assert_done_once()


def test_sigterm_in_the_middle_of_a_bulk_delete(large, tmp_path):
    server, folder, gids = large
    deletion = Deletion(server, folder, gids)
    assert server.stop() == 0
    server.start()
    deletion.follow_to_the_end(tmp_path)
    deletion.assert_done_once()


def test_a_whole_folder_is_deleted_once(large, tmp_path):
    """The subtree as one entry of the selection, with a kill in between."""
    server, folder, gids = large
    calls = project_calls(server)
    before = calls.cursors()
    token = calls.result("assets/bulk/delete", {"selection": [folder]})["job.token"]
    server.kill()
    server.start()

    project = server.demo["project"]
    client = unicat_client(server.url, project["gid"], project["apiKey"], tmp_path)
    reports = follow_job(client, before[0], token)
    assert "error" not in reports[-1]["info"] and reports[-1]["info"]["remaining"] == 0
    calls = project_calls(server)
    assert {asset["status"] for asset in calls.children(folder)} == {"deleted"}
    assert calls.assets([folder])[folder]["status"] == "deleted"
    changes = Counter((item["action"], item["data_key"]) for item in calls.changes(*before))
    assert {gid: changes["UPDATE", gid] for gid in gids} == dict.fromkeys(gids, 1)
    assert changes["UPDATE", folder] == 1


# Orderly ends


@pytest.fixture
def large_file(own_server):
    """48 MB at a segment: (assets, their number of bytes, their SHA-256)."""
    content = os.urandom(MB) * 48
    assets = segment_assets(own_server)
    assets.upload(27665601, "large.bin", content)
    return assets, len(content), hashlib.sha256(content).hexdigest()


LARGE_PATH = "/api/resources/assets/27665601?scope=pr7214&filename=large.bin"


def test_sigterm_lets_a_download_end(own_server, large_file):
    assets, size, digest = large_file
    connection, status, headers, body = raw_http.begin_download(own_server.url, LARGE_PATH, assets.client.auth_headers)
    assert status == 200 and int(headers["content-length"]) == size
    own_server.process.terminate()

    received, count = hashlib.sha256(body), len(body)
    while count < size:
        piece = connection.recv(1 << 20)
        assert piece, f"cut off after {count} of {size} bytes"
        received.update(piece)
        count += len(piece)
    connection.close()
    assert received.hexdigest() == digest
    assert own_server.wait_for_exit() == 0


def test_sigterm_does_not_wait_for_ever_for_a_client_that_reads_nothing(own_server, large_file):
    assets, size, _ = large_file
    connection, status, _, body = raw_http.begin_download(own_server.url, LARGE_PATH, assets.client.auth_headers)
    assert status == 200 and len(body) < size
    assert own_server.stop() == 0
    connection.close()

    own_server.start()
    answer = segment_assets(own_server).download(27665601, "large.bin")
    assert len(answer.content) == size


def test_sigterm_in_the_middle_of_an_upload_leaves_nothing(own_server, acknowledged):
    blobs = own_server.blob_files()
    connection = begin_half_an_upload(own_server, "segment")
    assert own_server.stop() == 0
    connection.close()
    own_server.start()
    assert_all_there(own_server, acknowledged)
    no_leftovers(own_server, blobs)


def test_a_download_that_the_client_breaks_off_disturbs_nobody(own_server, large_file):
    assets, size, digest = large_file
    for _ in range(5):
        connection, status, _, _ = raw_http.begin_download(own_server.url, LARGE_PATH, assets.client.auth_headers)
        assert status == 200
        raw_http.reset(connection)
    assert hashlib.sha256(assets.download(27665601, "large.bin").content).hexdigest() == digest
    assert own_server.stop() == 0
