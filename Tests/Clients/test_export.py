"""Projects move between installations: `stockroom export` and `stockroom import`."""

import io
import json
import subprocess
import tarfile
import uuid

import pytest
import requests

import sample_files
from project_client import ProjectCalls
from server_process import BINARY


@pytest.fixture
def source(own_server):
    """A server with a project that has something of everything."""
    project = own_server.demo["project"]
    calls = ProjectCalls.with_key(own_server.url, project["gid"], project["apiKey"])
    root = calls.result("assets/root")["root"]
    folder = calls.result("assets/create", {"parent": root, "name": "Ünï 文 " + "x" * 120})["asset"]
    inner = calls.result("assets/create", {"parent": folder, "name": "inner"})["asset"]
    file = calls.upload(inner, "a.txt", b"one")
    calls.upload(folder, "same bytes.txt", b"one")
    calls.upload(root, "empty.bin", b"")
    calls.upload(root, "large.bin", bytes(range(256)) * 10_000)
    calls.result("assets/upload_update", data={"asset": file}, files={"upload_file": ("other.txt", b"two")})
    calls.result(
        "assets/update",
        {
            "asset": file,
            "title": {"en": "Hello", "nl": "Hallo"},
            "metadata": {"a.b": {"type": "number", "value": 3}},
            "transforms": {"_main_": {"crop": None, "hotspot": [0.5, 0.25]}},
        },
    )
    calls.result("assets/delete", {"asset": inner})
    calls.result("queries/create", {"type": "asset", "name": "q", "q": "+hello", "filter": ["type", "is", "image"]})
    calls.result("channels/create", {"name": "web"})
    calls.result("languages/add", {"language": "nl-be"})
    demo = own_server.demo
    owner = ProjectCalls.with_password(own_server.url, calls.gid, demo["user"], demo["password"])
    icon = ("icon.png", sample_files.png(3, 2))
    owner.result("/api/projects/upload_icon", data={"project": calls.gid}, files={"upload_file": icon})
    return own_server, calls


def everything(calls):
    root = calls.result("assets/root")["root"]
    assets = calls.tree(root)
    start = calls.post("init").json()
    project = start["data"]["cc.projects"][calls.gid]
    versions = {
        asset["gid"]: calls.result("assets/versions", {"asset": asset["gid"]})["versions"]
        for asset in assets
        if asset["is_file"]
    }
    options = {key: value for key, value in project["options"].items()}
    icon = requests.get(f"{calls.url}/media/icons/{project['icon']}", timeout=60)
    assert icon.status_code == 200
    return root, assets, versions, start["data"]["queries"], options, project["name"], icon.content


def run(server, *arguments):
    return subprocess.run(
        [BINARY, *map(str, arguments), "--data", server.data], env=server.environment, capture_output=True, text=True
    )


@pytest.fixture
def target(new_server):
    server = new_server()
    server.command("account", "create", "acme")
    server.command("user", "create", "--account", "acme", "--username", "owner")
    return server.start()


def test_round_trip(source, target, tmp_path):
    server, calls = source
    before = everything(calls)
    archive = tmp_path / "project.tar"
    exported = server.command("export", archive, "--project", 7214)
    assert exported["project"] == calls.gid and exported["assets"] == len(before[1]) + 1 and exported["files"] == 4

    with tarfile.open(archive) as tar:
        names = tar.getnames()
        assert names[0] == "manifest.json" and names[-1] == "assets.jsonl"
        assert len(tar.extractfile("assets.jsonl").read().splitlines()) == exported["assets"]
        assert json.load(tar.extractfile("manifest.json"))["format"] == "stockroom-project"
        inner = next(asset for asset in before[1] if asset["name"] == "a.txt")
        assert tar.extractfile("files" + inner["pathname"]).read() == b"two"
        assert tar.extractfile(f"versions/{inner['gid']}~1").read() == b"one"
        same = next(name for name in names if name.endswith("same bytes.txt"))
        assert tar.getmember(same).islnk() or tar.extractfile(same).read() == b"one"

    imported = target.command("import", archive, "--account", "acme", "--owner", "owner")
    assert imported == {
        "gid": calls.gid,
        "number": 7214,
        "assets": exported["assets"],
        "bytes": exported["bytes"] + len(sample_files.png(3, 2)),
    }
    key = target.command("apikey", "create", "--project", 7214, "--name", "new")["apiKey"]
    there = ProjectCalls.with_key(target.url, calls.gid, key)
    assert everything(there) == before
    found = there.result("assets/search", {"language": "nl-be", "q": "hallo"})
    assert found["assets.size"] == 1
    # Segments came along: the same number belongs to the project again.
    assert target.command("document", "add", "--project", 7214, "--document", 19641, "--segments", "27665601-27665700")
    # What an import made is kept like everything else.
    target.stop()
    target.start()
    there = ProjectCalls.with_key(target.url, calls.gid, key)
    assert everything(there) == before


def test_an_import_is_all_or_nothing(source, target, tmp_path):
    server, calls = source
    archive = tmp_path / "project.tar"
    server.command("export", archive, "--project", calls.gid)
    content = archive.read_bytes()
    options = ("--account", "acme", "--owner", "owner")

    def refused(data, *more):
        broken = tmp_path / "broken.tar"
        broken.write_bytes(data)
        done = run(target, "import", broken, *(more or options))
        assert done.returncode == 1 and done.stderr.startswith("Error: "), done.stderr
        assert "Error" not in done.stderr.removeprefix("Error: "), done.stderr
        return done.stderr

    refused(b"")
    refused(b"this is no tar file" * 100)
    for end in (600, len(content) // 3, len(content) // 2, len(content) - 20_000):
        refused(content[:end])
    assert "nobody" in refused(content, "--account", "acme", "--owner", "nobody")
    damaged = bytearray(content)
    damaged[content.index(b"\x00\x01\x02\x03\x04\x05")] ^= 1  # a byte of a file: its hash is another
    assert "missing" in refused(bytes(damaged))
    lines = content.replace(b'"version":2', b'"version":0')
    assert lines != content
    refused(lines)

    # Nothing of these is left, so that the whole one can come.
    target.command("import", archive, *options)
    key = target.command("apikey", "create", "--project", 7214, "--name", "new")["apiKey"]
    there = ProjectCalls.with_key(target.url, calls.gid, key)
    before = everything(there)
    assert "taken" in refused(content)
    assert everything(there) == before


def rewritten(archive, path, change_manifest=None, change_lines=None):
    """The archive with other words in it."""
    with tarfile.open(archive) as source, tarfile.open(path, "w") as target:
        for member in source.getmembers():
            data = source.extractfile(member).read() if member.isfile() else None
            if member.name == "manifest.json" and change_manifest:
                manifest = json.loads(data)
                change_manifest(manifest)
                data = json.dumps(manifest).encode()
            if member.name == "assets.jsonl" and change_lines:
                lines = [json.loads(line) for line in data.splitlines()]
                lines = change_lines(lines) or lines
                data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
            if data is not None:
                member.size = len(data)
            target.addfile(member, io.BytesIO(data) if data is not None else None)
    return path


def line_of(lines, name):
    return next(line for line in lines if line["name"] == name)


def put_into_a_file(lines):
    line_of(lines, "same bytes.txt")["parent"] = line_of(lines, "large.bin")["gid"]


def nest_deeply(lines):
    chain, parent = [], lines[0]["gid"]
    for number in range(101):
        folder = {**lines[1], "gid": str(uuid.uuid4()), "parent": parent, "name": f"level {number}"}
        folder.pop("content", None)
        folder.pop("old_versions", None)
        chain.append(folder)
        parent = folder["gid"]
    return lines + chain


def test_hostile_words_are_refused(source, target, tmp_path):
    server, calls = source
    archive = tmp_path / "project.tar"
    server.command("export", archive, "--project", calls.gid)
    huge = 2**63 - 1

    def set_in(where, **members):
        return lambda lines: line_of(lines, where).update(members)

    def old_version(lines):
        line_of(lines, "a.txt")["old_versions"][0]["version"] = huge

    manifests = [
        lambda manifest: manifest.update(number=huge),
        lambda manifest: manifest.update(number=0),
        lambda manifest: manifest.update(created_on=huge),
        lambda manifest: manifest.update(format_version=99),
        lambda manifest: manifest.update(gid="x"),
        lambda manifest: manifest["settings"].update(languages=[]),
        lambda manifest: manifest["settings"].update(languages=["en nl'"]),
        lambda manifest: manifest.update(assets=manifest["assets"] + 1),
        lambda manifest: manifest["documents"][0]["jobs"].append({"job": "s9", "segments": "all"}),
    ]
    lines = [
        set_in("a.txt", updated_on=huge),
        set_in("a.txt", version=huge),
        set_in("a.txt", version=-1),
        set_in("a.txt", metadata=5),
        set_in("a.txt", name="../x"),
        set_in("a.txt", status="gone"),
        old_version,
        put_into_a_file,
        nest_deeply,
        lambda lines: lines + [lines[-1]],
        lambda lines: line_of(lines, "large.bin")["content"].update(size=10**15),
    ]
    for change in manifests:
        broken = rewritten(archive, tmp_path / "broken.tar", change_manifest=change)
        done = run(target, "import", broken, "--account", "acme", "--owner", "owner")
        assert done.returncode == 1 and done.stderr.startswith("Error: "), done
    for change in lines:
        broken = rewritten(archive, tmp_path / "broken.tar", change_lines=change)
        done = run(target, "import", broken, "--account", "acme", "--owner", "owner")
        assert done.returncode == 1 and done.stderr.startswith("Error: "), done
        assert "Internal" not in done.stderr
    same = rewritten(archive, tmp_path / "same.tar", lambda manifest: None, lambda lines: None)
    target.command("import", same, "--account", "acme", "--owner", "owner")


def test_a_query_of_another_project_is_not_touched(source, tmp_path):
    server, calls = source
    query = calls.result("queries/create", {"type": "asset", "name": "mine", "q": "+mine"})["query"]
    server.command("project", "create", "--account", "demo", "--owner", "demo", "--name", "Other", "--number", 9)
    archive = tmp_path / "other.tar"
    server.command("export", archive, "--project", 9)

    def change(manifest):
        manifest.update(gid=str(uuid.uuid4()), root=str(uuid.uuid4()), number=10)
        manifest["settings"]["queries"] = [{"gid": query, "type": "asset", "name": "evil", "q": "", "filter": []}]

    broken = rewritten(archive, tmp_path / "broken.tar", change)
    done = run(server, "import", broken, "--account", "demo", "--owner", "demo")
    assert done.returncode == 1 and "another project" in done.stderr
    answer = calls.post("queries/get", {"query": query}).json()
    assert answer["data"]["queries"][query]["name"] == "mine"


def test_an_import_that_was_killed_leaves_nothing_in_the_way(source, target, tmp_path):
    server, calls = source
    root = calls.result("assets/root")["root"]
    for number in range(20):
        calls.upload(root, f"file {number}.txt", b"%d" % number)
    archive = tmp_path / "project.tar"
    server.command("export", archive, "--project", calls.gid)
    arguments = ["import", "-", "--account", "acme", "--owner", "owner", "--data", str(target.data)]
    with subprocess.Popen([BINARY, *arguments], stdin=subprocess.PIPE, env=target.environment) as process:
        # It waits for the rest, and has begun.
        process.stdin.write(archive.read_bytes()[:12_000])
        process.stdin.flush()
        process.kill()
    target.command("import", archive, "--account", "acme", "--owner", "owner")
    key = target.command("apikey", "create", "--project", 7214, "--name", "new")["apiKey"]
    assert everything(ProjectCalls.with_key(target.url, calls.gid, key)) == everything(calls)


def test_export_to_standard_output(source):
    server, calls = source
    done = subprocess.run(
        [BINARY, "export", "-", "--project", calls.gid, "--data", server.data],
        env=server.environment,
        capture_output=True,
    )
    assert done.returncode == 0 and done.stderr == b""
    assert done.stdout[:13] == b"manifest.json"
    missing = run(server, "export", "x.tar", "--project", 99)
    assert missing.returncode == 1 and "99" in missing.stderr
