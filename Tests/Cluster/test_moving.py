"""A server that has outgrown its machine: its SQLite and folder go to PostgreSQL and object storage, and back."""

import os
import subprocess

import pytest

import checks
from followers import listing
from live_feed import within
from load import MixedLoad
from moto_s3 import MotoS3
from openstack_swift import OpenStackSwift
from server_process import BINARY
from servers import Installation

COPY_SECONDS = 300
SECRET = "5e" * 32


@pytest.fixture(params=[MotoS3, OpenStackSwift], ids=["moto", "swift"])
def s3(request, tmp_path_factory):
    with request.param(tmp_path_factory.mktemp("s3")) as s3:
        s3.make_bucket("blobs")
        yield s3


def on_one_machine(folder):
    """The URLs of a database and a store in a folder."""
    folder.mkdir()
    return f"sqlite:{folder}/stockroom.sqlite", f"file:{folder}"


def copy(source, target, s3):
    done = subprocess.run(
        [BINARY, "copy", "--from", *source, "--to", *target, "--verify"],
        env={**os.environ, **s3.environment},
        capture_output=True,
        text=True,
        timeout=COPY_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert s3.secret_key not in done.stdout + done.stderr
    return done.stdout


def assets(load):
    """All of them, as every server gives them: addresses hold the server's own."""
    tree = listing(load.caller.call)
    return {gid: {name: value for name, value in asset.items() if "url" not in name} for gid, asset in tree.items()}


def everything_is_there(load, before):
    after = assets(load)
    assert after == before
    assert checks.uploads(load, after) == []


@within(600)
def test_from_one_machine_to_three_servers_and_back(tmp_path, postgres, s3):
    here, there = on_one_machine(tmp_path / "here"), (postgres.url, s3.blobs("blobs", "moved"))
    options = {"environment": {**s3.environment, "STOCKROOM_SECRET": SECRET}}
    with Installation(tmp_path / "one", database=here[0], blobs=here[1], count=1, **options) as one:
        load = MixedLoad(one, bulk_files=40)
        with load.running():
            load.go_on(project_upload=30, segment_upload=30, bulk_job=2, download=10, edit=10)
        checks.check_everything(load, one)
        before = assets(load)
        assert one.stop() == [0]
    assert len(before) > 30
    copy(here, there, s3)

    with Installation(tmp_path / "three", database=there[0], blobs=there[1], **options) as three:
        # With the tokens of before.
        load.caller.addresses = three.addresses
        everything_is_there(load, before)
        assert checks.fsck(three) == []
        # It goes on where it was.
        root = load.caller.result("assets/root")["root"]
        gid = load.caller.upload(root, "moved.txt", b"moved")
        assert load.caller.download(gid) == b"moved"
        before = assets(load)
        assert three.stop() == [0, 0, 0]
    back = on_one_machine(tmp_path / "back")
    copy(there, back, s3)

    with Installation(tmp_path / "again", database=back[0], blobs=back[1], count=1, **options) as again:
        load.caller.addresses = again.addresses
        everything_is_there(load, before)
        assert load.caller.download(gid) == b"moved"
        assert checks.fsck(again) == []
