"""The bytes in a bucket: where they lie, and what happens when the store or the server goes."""

import hashlib
import json
import os
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

import raw_http
from media_client import Media, fetch
from project_client import TIMEOUT, ProjectCalls, assert_error
from s3_server import BUCKET, S3Server
from segment_client import SegmentAssets, SegmentClient
from segment_client import assert_error as assert_segment_error
from server_process import BINARY, wait_until

MB = 1_000_000
SECONDS = 60


@pytest.fixture(scope="module")
def s3():
    server = S3Server()
    yield server
    server.stop()


class Bucket:
    """What lies below a prefix."""

    def __init__(self, s3, prefix):
        self._client, self._prefix = s3.client("s3"), prefix + "/"

    def objects(self):
        page = self._client.list_objects_v2(Bucket=BUCKET, Prefix=self._prefix)
        return {item["Key"]: item["Size"] for item in page.get("Contents", [])}

    def unfinished(self):
        return self._client.list_multipart_uploads(Bucket=BUCKET, Prefix=self._prefix).get("Uploads", [])


@pytest.fixture
def s3_server(s3, new_server, request):
    """A running server of the test's own on a bucket, and what lies in that."""
    prefix = request.node.name.replace("[", "-").strip("]")
    server = new_server(environment={**s3.credentials, "STOCKROOM_BLOBS": s3.blobs(prefix)})
    assert server.demo
    return server.start(), Bucket(s3, prefix)


def project_calls(server):
    project = server.demo["project"]
    return ProjectCalls.with_key(server.url, project["gid"], project["apiKey"])


def segment_assets(server):
    return SegmentAssets(SegmentClient(server.url, server.demo["account"], server.demo["key"]), scope="pr7214")


def test_bytes_lie_in_the_bucket_and_nowhere_else(s3_server):
    server, bucket = s3_server
    calls = project_calls(server)
    root = calls.result("assets/root")["root"]
    contents = {name: os.urandom(size) for name, size in {"small.bin": 1000, "large.bin": 20 * MB}.items()}
    gids = {name: calls.upload(root, name, content) for name, content in contents.items()}
    assert sorted(bucket.objects().values()) == [1000, 20 * MB]
    assert all(len(key.rsplit("/", 1)[1]) == 32 for key in bucket.objects()), bucket.objects()
    assert bucket.unfinished() == [] and server.blob_files() == []

    media = Media(calls)
    url = media.publish(media.asset(gids["large.bin"]))["versioned_url"]
    answer = fetch(url)
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(contents["large.bin"]).digest()
    for first, last in ((0, 0), (8 * 1024 * 1024 - 5, 8 * 1024 * 1024 + 5), (20 * MB - 7, 20 * MB - 1)):
        answer = fetch(url, Range=f"bytes={first}-{last}")
        assert answer.status_code == 206 and answer.content == contents["large.bin"][first : last + 1]
    assert server.stop() == 0

    server.start()
    assert fetch(server.url + urlsplit(url).path).content == contents["large.bin"]


def begin_half_an_upload(server, bucket):
    calls = project_calls(server)
    headers = {"Authorization": f"Bearer {calls.token}"}
    parts = [("parent", calls.result("assets/root")["root"]), ("upload_file", "half.bin")]
    path = f"/api/p/{calls.gid}/assets/upload"
    connection = raw_http.begin_upload(server.url, path, headers, parts, 64 * MB, 32 * MB)
    wait_until(bucket.unfinished, SECONDS, "the upload in parts has begun")
    return connection


@pytest.mark.parametrize("end", [raw_http.reset, lambda connection: connection.close()], ids=["reset", "closed"])
def test_a_connection_that_drops_in_the_middle_of_an_upload(s3_server, end):
    server, bucket = s3_server
    end(begin_half_an_upload(server, bucket))
    wait_until(lambda: not bucket.unfinished(), SECONDS, "the upload is aborted")
    assert bucket.objects() == {}
    assert server.stop() == 0


def test_kill_in_the_middle_of_an_upload(s3_server):
    server, bucket = s3_server
    calls = project_calls(server)
    root = calls.result("assets/root")["root"]
    kept = calls.upload(root, "kept.bin", b"kept")
    tree = calls.children(root)
    connection = begin_half_an_upload(server, bucket)
    server.kill()
    connection.close()

    server.start()
    calls = project_calls(server)
    assert calls.children(root) == tree
    assert list(bucket.objects().values()) == [4]
    gid = calls.upload(root, "half.bin", b"whole now")
    assert calls.assets([gid])[gid]["name"] == "half.bin", "the name was never taken"
    media = Media(calls)
    assert fetch(media.publish(media.asset(kept))["versioned_url"]).content == b"kept"


def test_a_store_that_is_away_is_told_in_each_dialect(new_server):
    s3 = S3Server(checks_signatures=False)
    server = new_server(environment={**s3.credentials, "STOCKROOM_BLOBS": s3.blobs("away")})
    assert server.demo
    server.start()
    calls, assets = project_calls(server), segment_assets(server)
    root = calls.result("assets/root")["root"]
    media = Media(calls)
    content = os.urandom(200_000)
    url = media.publish(media.asset(calls.upload(root, "large.bin", content)))["versioned_url"]
    s3.stop()

    answer = calls.post("assets/upload", data={"parent": root}, files={"upload_file": ("new.bin", b"bytes")})
    assert answer.status_code == 503
    assert_error(answer, 503)
    answer = assets.client.put_in_media("new.bin", b"bytes")
    assert_segment_error(answer, 503)
    with pytest.raises(requests.RequestException):  # the answer has begun: its connection breaks
        fetch(url)
    assert len(calls.children(root)) == 2, "what needs no bytes goes on"
    log = server.log.read_text()
    assert "Connection refused" in log and s3.credentials["AWS_SECRET_ACCESS_KEY"] not in log


@pytest.mark.parametrize(
    "change, words",
    [
        (("AWS_SECRET_ACCESS_KEY", "wrong"), "AWS_SECRET_ACCESS_KEY does not belong"),
        (("AWS_ACCESS_KEY_ID", "unknown"), "does not know this AWS_ACCESS_KEY_ID"),
        (("AWS_ACCESS_KEY_ID", ""), "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (("bucket", "other-bucket"), "there is no such bucket"),
    ],
    ids=["secret", "key", "no key", "bucket"],
)
def test_serve_says_why_the_bucket_cannot_be_used(s3, tmp_path, change, words):
    name, value = change
    blobs = s3.blobs("x")
    environment = {**os.environ, **s3.credentials}
    if name == "bucket":
        blobs = blobs.replace(BUCKET, value)
    else:
        environment[name] = value
    done = subprocess.run(
        [BINARY, "serve", "--port", "0", "--data", tmp_path, "--blobs", blobs],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode != 0 and words in done.stderr
    assert s3.credentials["AWS_SECRET_ACCESS_KEY"] not in done.stderr


def test_downloads_can_be_redirected_to_the_store(new_server):
    s3 = S3Server(checks_signatures=False)
    blobs = s3.blobs("redirects", redirect="60")
    server = new_server(environment={**s3.credentials, "STOCKROOM_BLOBS": blobs})
    assert server.demo
    server.start()
    calls = project_calls(server)
    media = Media(calls)
    content = os.urandom(100_000)
    gid = calls.upload(calls.result("assets/root")["root"], "a “b”.bin", content)
    url = media.publish(media.asset(gid))["versioned_url"]

    answer = fetch(url)
    assert answer.status_code == 302 and answer.headers["Cache-Control"] == "private, no-store"
    target = urlsplit(answer.headers["Location"])
    assert f"{target.scheme}://{target.netloc}" == s3.url and parse_qs(target.query)["X-Amz-Expires"] == ["60"]
    assert fetch(url, "HEAD").headers["Content-Length"] == "100000"
    assert fetch(url, Range="bytes=5-9").content == content[5:10]
    followed = requests.get(url, timeout=TIMEOUT)
    assert followed.content == content
    assert followed.headers["Content-Type"] == "application/octet-stream"
    assert followed.headers["Content-Disposition"].startswith("attachment;")

    assets = segment_assets(server)
    segment = 27665601
    assets.upload(segment, "c.bin", content)
    answer = assets.download(segment, "c.bin")
    assert answer.status_code == 302 and requests.get(answer.headers["Location"], timeout=TIMEOUT).content == content
    s3.stop()


def test_a_check_finds_what_the_bucket_lacks(s3, s3_server):
    server, bucket = s3_server
    calls = project_calls(server)
    root = calls.result("assets/root")["root"]
    calls.upload(root, "kept.bin", b"kept")
    kept = set(bucket.objects())
    lost = calls.upload(root, "lost.bin", b"lost")
    (key,) = set(bucket.objects()) - kept
    prefix = key.split("/")[0]
    assert server.command("fsck")["objects"] == 2 and server.command("fsck", "--hashes")["bytes_read"] == 8
    # What is another's, and bytes that may belong to an upload, are left alone.
    client = s3.client("s3")
    others = {f"{prefix}/notes.txt", f"{prefix}/quarantine/{32 * '0'}", f"{prefix}/ab/ab{30 * '0'}"}
    for other in others:
        client.put_object(Bucket=BUCKET, Key=other, Body=b"other")
    assert server.command("fsck", "--repair")["clean"]
    client.delete_object(Bucket=BUCKET, Key=key)
    done = subprocess.run(
        [BINARY, "fsck", "--repair", "--json", "--data", server.data],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    (damage,) = json.loads(done.stdout)["damage"]
    assert done.returncode == 1 and damage["kind"] == "missing_bytes" and damage["repaired"] == 0
    assert [example["gid"] for example in damage["examples"]] == [lost]
    assert set(bucket.objects()) == kept | others
