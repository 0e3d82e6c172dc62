"""`stockroom copy`: everything arrives, also after a kill, and nothing is mixed up."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess

import pytest
import requests

import sample_files
from media_client import storage_name
from project_client import TIMEOUT, ProjectCalls
from segment_client import SegmentAssets, SegmentClient
from server_process import BINARY, wait_until

COPY_SECONDS = 300


def copy(server, *arguments, code=0):
    done = subprocess.run(
        [BINARY, "copy", "--json", *map(str, arguments)],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=COPY_SECONDS,
    )
    assert (done.returncode == 0) == (code == 0), (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout) if code == 0 else done.stderr


def calls_of(server, demo):
    return ProjectCalls.with_key(server.url, demo["project"]["gid"], demo["project"]["apiKey"])


@pytest.fixture
def source(own_server):
    """A server with something of everything."""
    demo = own_server.demo
    calls = calls_of(own_server, demo)
    root = calls.result("assets/root")["root"]
    folder = calls.result("assets/create", {"parent": root, "name": "Ünï 文"})["asset"]
    file = calls.upload(folder, "word one.txt", b"one")
    calls.upload(root, "empty.bin", b"")
    calls.upload(root, "large.bin", bytes(range(256)) * 10_000)
    calls.upload(root, "picture.png", sample_files.png(30, 20))
    calls.result("assets/upload_update", data={"asset": file}, files={"upload_file": ("other.txt", b"two")})
    words = {"title": {"en": "Hello"}, "metadata": {"a.b": {"type": "number", "value": 3}}}
    calls.result("assets/update", {"asset": file, **words})
    trashed = calls.upload(root, "trashed.txt", b"trash")
    calls.result("assets/delete", {"asset": trashed})
    owner = ProjectCalls.with_password(own_server.url, calls.gid, demo["user"], demo["password"])
    icon = ("icon.png", sample_files.png(3, 2))
    owner.result("/api/projects/upload_icon", data={"project": calls.gid}, files={"upload_file": icon})
    segments = SegmentAssets(SegmentClient(own_server.url, demo["account"], demo["key"]), scope="pr7214")
    segments.upload(27665601, "segment.txt", b"segment")
    return own_server


def view(server, demo):
    """What clients see: the tree with its words, a search, and the hashes of all bytes."""
    calls = calls_of(server, demo)
    assets = calls.tree(calls.result("assets/root")["root"])
    for asset in assets:
        for key in list(asset):
            if "url" in key:
                del asset[key]
    found = {
        word: calls.result("assets/search", {"language": "en", "q": word})["assets.size"] for word in ("word", "hello")
    }
    segments = SegmentAssets(SegmentClient(server.url, demo["account"], demo["key"]), scope="pr7214")
    listed = [file["name"] for file in segments.list(27665601).json()]
    with sqlite3.connect(server.data / "stockroom.sqlite") as database:
        rows = database.execute("SELECT hash, size, location FROM blobs ORDER BY hash").fetchall()
    hashes = []
    for row_hash, size, location in rows:
        content = (server.data / "blobs" / location).read_bytes()
        assert hashlib.sha256(content).digest() == row_hash and len(content) == size
        hashes.append(row_hash)
    return assets, found, listed, hashes


def published(server, demo):
    """The paths under which everybody can download, for each file."""
    calls = calls_of(server, demo)
    paths = {}
    for asset in calls.tree(calls.result("assets/root")["root"]):
        if asset["is_file"] and asset["status"] == "published":
            url = f"{server.url}/dam/p/{calls.gid}/publish/{storage_name(asset)}"
            answer = calls.session.get(url, timeout=TIMEOUT).json()
            paths[asset["pathname"]] = answer["result"]["public_url"].removeprefix(server.url)
    return paths


def downloads(server, paths):
    hashes = {}
    for pathname, path in paths.items():
        answer = requests.get(server.url + path, timeout=TIMEOUT)
        assert answer.status_code == 200
        hashes[pathname] = hashlib.sha256(answer.content).hexdigest()
    return hashes


def test_a_server_on_the_copy_answers_the_same(source, new_server):
    demo = source.demo
    target = new_server()
    paths = published(source, demo)
    before, files = view(source, demo), downloads(source, paths)
    assert len(files) >= 5
    source.stop()
    result = copy(source, "--from", source.data, "--to", target.data, "--verify")
    assert set(result) == {"rows", "blobs", "bytes", "verified", "read_back", "resumed", "secret"}
    assert result["verified"] and result["read_back"] and not result["resumed"] and result["secret"] == "copied"
    assert result["blobs"] == len(before[3]) and result["rows"]["assets"] >= len(before[0])
    assert (target.data / "secret.key").read_bytes() == (source.data / "secret.key").read_bytes()
    assert (target.data / "secret.key").stat().st_mode & 0o777 == 0o600

    target.start()
    assert view(target, demo) == before and downloads(target, paths) == files
    # Passwords, and keys that are shown again.
    assert ProjectCalls.with_password(target.url, demo["project"]["gid"], demo["user"], demo["password"])
    assert target.command("demo")["key"] == demo["key"]
    checked = subprocess.run([BINARY, "fsck", "--hashes", "--data", target.data], env=target.environment, timeout=120)
    assert checked.returncode == 0
    # The feed goes on where it was: nothing is told twice, new things are told.
    calls = calls_of(target, demo)
    calls.upload(calls.result("assets/root")["root"], "after.txt", b"after")
    target.stop()

    # And back, with URLs for the parts.
    back = new_server()
    again = copy(
        target, "--from", target.data, "--to", f"sqlite:{back.folder}/own.sqlite", f"file:{back.folder}/bytes"
    )
    assert again["blobs"] == result["blobs"] + 1 and again["secret"] == "elsewhere"
    shutil.copy(target.data / "secret.key", back.folder / "secret.key")
    back.environment |= {
        "STOCKROOM_DATABASE": f"sqlite:{back.folder}/own.sqlite",
        "STOCKROOM_BLOBS": f"file:{back.folder}/bytes",
        "STOCKROOM_SECRET": (target.data / "secret.key").read_bytes().hex(),
    }
    back.start()
    assert downloads(back, paths) == files
    calls = calls_of(back, demo)
    assert "after.txt" in {asset["name"] for asset in calls.children(calls.result("assets/root")["root"])}


def test_a_copy_that_was_killed_goes_on(own_server, new_server):
    demo = own_server.demo
    calls = calls_of(own_server, demo)
    names = [f"{number}.bin" for number in range(500)]
    root = calls.result("assets/root")["root"]
    for name in names:
        calls.upload(root, name, name.encode() * 100)
    own_server.stop()
    target = new_server()
    database = target.data / "stockroom.sqlite"

    def copied():
        if not database.exists():
            return 0
        try:
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
                return connection.execute("SELECT COUNT(*) FROM blobs").fetchone()[0]
        except sqlite3.OperationalError:  # not made yet
            return 0

    arguments = [BINARY, "copy", "--from", own_server.data, "--to", target.data]
    last = 0
    for _ in range(3):
        with subprocess.Popen(arguments, env=own_server.environment, stdout=subprocess.DEVNULL) as process:
            wait_until(lambda: copied() > last or process.poll() is not None, 60, "some bytes have been copied")
            process.kill()
        assert process.returncode != 0, "the copy was complete before it was killed"
        assert copied() > last
        last = copied()
        if last > 350:
            break
    for command in ("serve", "fsck", "migrate", "demo"):
        refused = subprocess.run(
            [BINARY, command, "--data", target.data], env=target.environment, capture_output=True, text=True, timeout=60
        )
        assert refused.returncode != 0 and "unfinished copy" in refused.stderr

    result = copy(own_server, "--from", own_server.data, "--to", target.data)
    assert result["resumed"] and result["blobs"] == 500 and result["rows"]["assets"] >= 501
    target.start()
    calls = calls_of(target, demo)
    assert len(calls.children(calls.result("assets/root")["root"])) >= 500
    assert calls.result("assets/search", {"language": "en", "q": "499"})["assets.size"] == 1
    checked = subprocess.run([BINARY, "fsck", "--hashes", "--data", target.data], env=target.environment, timeout=120)
    assert checked.returncode == 0


def test_what_is_refused(source, new_server, tmp_path):
    target = new_server()
    ends = ("--from", source.data, "--to", target.data)
    assert "stop it first" in copy(source, *ends, code=1)
    source.stop()
    assert not (target.data / "stockroom.sqlite").exists()

    absent = tmp_path / "absent"
    assert "no database" in copy(source, "--from", absent, "--to", target.data, code=1)
    assert not absent.exists()
    assert "the same database" in copy(source, "--from", source.data, "--to", source.data, code=1)
    for places in (["http://x/y"], ["sqlite:x", "sqlite:y"], [f"sqlite:{tmp_path}/x"], ["nonsense:x"]):
        assert "--to" in copy(source, "--from", source.data, "--to", *places, code=1)

    # A target that was used before: by another server, or for other bytes.
    other = new_server()
    assert other.demo
    before = (other.data / "secret.key").read_bytes()
    assert "another secret key" in copy(source, "--from", source.data, "--to", other.data, code=1)
    assert (other.data / "secret.key").read_bytes() == before
    shutil.copy(source.data / "secret.key", other.data / "secret.key")
    assert "not empty" in copy(source, "--from", source.data, "--to", other.data, code=1)
    bytes_only = tmp_path / "bytes"
    shutil.copytree(source.data / "blobs", bytes_only / "blobs")
    assert "not empty" in copy(source, "--from", source.data, "--to", bytes_only, code=1)

    # A server that runs on the target.
    third = new_server().start()
    (third.data / "secret.key").unlink(missing_ok=True)
    assert "stop it first" in copy(source, "--from", source.data, "--to", third.data, code=1)


def test_damaged_bytes_are_not_copied(source, new_server):
    target = new_server()
    source.stop()
    blob = max(source.blob_files(), key=lambda path: path.stat().st_size)
    sound = blob.read_bytes()
    blob.write_bytes(os.urandom(len(sound)))
    message = copy(source, "--from", source.data, "--to", target.data, code=1)
    assert blob.name in message and "fsck --hashes" in message
    # With the bytes back in their place, it goes on.
    blob.write_bytes(sound)
    assert copy(source, "--from", source.data, "--to", target.data)["resumed"]


def test_the_secret_of_a_folder_goes_into_a_configuration(own_server, new_server):
    demo = own_server.demo
    own_server.stop()
    target = new_server()
    target.data.mkdir(parents=True)
    settings = target.folder / "stockroom.json"

    def configure(secret):
        places = {"database": f"sqlite:{target.data}/stockroom.sqlite", "blobs": f"file:{target.data}"}
        settings.write_text(json.dumps({**places, "secret": secret}))

    configure(os.urandom(32).hex())
    error = copy(own_server, "--from", own_server.data, "--to", settings, code=1)
    assert "the same secret" in error and "od -An" in error
    # Also where it comes by way of the environment, which both ends see.
    own_server.environment["STOCKROOM_CONFIG"] = str(settings)
    assert "the same secret" in copy(own_server, "--from", own_server.data, "--to", settings, code=1)
    configure((own_server.data / "secret.key").read_bytes().hex())
    assert copy(own_server, "--from", own_server.data, "--to", settings)["secret"] == "configured"
    target.environment["STOCKROOM_CONFIG"] = str(settings)
    target.start()
    assert target.command("demo")["key"] == demo["key"]
