"""The store on two S3 servers that differ, moto and OpenStack Swift, through a server."""

import hashlib
import os

import pytest

import checks
import raw_http
from live_feed import within
from load import MixedLoad
from moto_s3 import MotoS3
from openstack_swift import OpenStackSwift
from server_process import wait_until
from servers import Installation

MB = 1_000_000
SEGMENT = 27665601
# Larger than a part, so that it goes up in several; and what lies around the sizes of buffers.
SIZES = [0, 1, 65_535, 65_536, 5 * MB, 8 * 2**20, 8 * 2**20 + 1, 40 * MB]


@pytest.fixture(scope="module", params=[MotoS3, OpenStackSwift], ids=["moto", "swift"])
def s3(request, tmp_path_factory):
    with request.param(tmp_path_factory.mktemp("s3")) as s3:
        s3.make_bucket("blobs")
        yield s3


@pytest.fixture(scope="module")
def installation(s3, tmp_path_factory):
    """One server on SQLite, with its bytes below a prefix of the bucket."""
    folder = tmp_path_factory.mktemp("server")
    with Installation(
        folder,
        database=f"sqlite:{folder}/stockroom.sqlite",
        blobs=s3.blobs("blobs", "one/two"),
        count=1,
        environment=s3.environment,
    ) as installation:
        yield installation
        assert installation.stop() == [0]


@within(180)
def test_files_of_all_sizes(installation, s3):
    assets = installation.segment_assets()
    before = s3.keys("blobs")
    for size in SIZES:
        content = os.urandom(size)
        name = f"{size}.bin"
        assets.upload(SEGMENT, name, content)
        answer = assets.download(SEGMENT, name)
        assert answer.status_code == 200 and answer.content == content, name
        for start, end in ((0, 0), (size // 2, size // 2 + 99), (max(0, size - 10), size - 1)):
            if size == 0:
                continue
            part = assets.download(SEGMENT, name, headers={"Range": f"bytes={start}-{end}"})
            assert part.status_code == 206 and part.content == content[start : end + 1], (name, start, end)
    stored = {key: size for key, size in s3.keys("blobs").items() if key not in before}
    assert sorted(stored.values()) == SIZES and all(key.startswith("one/two/") for key in stored)
    assert s3.unfinished("blobs") == []


@within(120)
def test_an_upload_that_breaks_off_leaves_nothing(installation, s3):
    assets = installation.segment_assets()
    before = s3.keys("blobs")
    path, parts = "/api/media/upload?filename=half.bin", [("file", "half.bin")]
    address = installation.addresses[0]
    connection = raw_http.begin_upload(address, path, assets.client.auth_headers, parts, 64 * MB, 32 * MB)
    wait_until(lambda: s3.unfinished("blobs"), 60, "some of it has been sent on")
    raw_http.reset(connection)
    wait_until(lambda: not s3.unfinished("blobs"), 60, "what was sent on is taken back")
    assert s3.keys("blobs") == before


@within(120)
def test_bytes_survive_the_server(installation):
    assets = installation.segment_assets()
    content = os.urandom(20 * MB)
    assets.upload(SEGMENT, "kept.bin", content)
    installation.kill()
    installation.servers[0].start()
    answer = installation.segment_assets().download(SEGMENT, "kept.bin")
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(content).digest()


@within(300)
def test_a_mixed_load(installation):
    load = MixedLoad(installation, bulk_files=40, bulk_workers=1)
    with load.running():
        load.go_on(project_upload=20, segment_upload=20, bulk_job=2, download=30, edit=10)
    checks.check_everything(load, installation)
