"""The commands that other tools call: their names, their JSON, their effect on a running server."""

import requests

from project_client import TIMEOUT, unicat_client
from segment_client import SegmentAssets, SegmentClient
from server_process import wait_until


def test_demo_gives_the_same_set_each_time(new_server, tmp_path):
    server = new_server()
    first = server.command("demo")
    assert set(first) == {"account", "user", "password", "key", "worker", "project"}
    assert set(first["worker"]) == {"user", "key"} and set(first["project"]) == {"gid", "number", "apiKey"}
    assert (first["account"], first["user"], first["worker"]["user"]) == ("demo", "demo", "worker")
    assert first["project"]["number"] == 7214
    server.start()
    again = server.command("demo")
    assert {**again, "password": None} == {**first, "password": None}

    client = unicat_client(server.url, first["project"]["gid"], first["project"]["apiKey"], tmp_path)
    assert client.project.languages == ["en", "nl"]
    manager = SegmentClient(server.url, "demo", first["key"])
    for assets, segments in (
        (SegmentAssets(manager, scope="pr7214"), (27665601, 27665700, 27667801, 27667900)),
        (SegmentAssets(manager, flex=19914), (27667801, 27667900)),
        (
            SegmentAssets(SegmentClient(server.url, "demo", first["worker"]["key"]), scope="jbs773"),
            (27665601, 27665700),
        ),
    ):
        for segment in segments:
            assert assets.list(segment).json() == []
        assert assets.list(segments[0] - 1).status_code == assets.list(segments[-1] + 1).status_code == 400
    assert server.stop() == 0


def test_the_file_is_complete_when_the_program_has_ended(new_server):
    server = new_server()

    def files():
        return {path.name for path in server.data.glob("stockroom.sqlite*")}

    for arguments in (["demo"], ["fsck"], ["generate", "--assets", "50"]):
        server.command(*arguments)
        assert files() == {"stockroom.sqlite"}, arguments
    server.start()
    assert len(files()) > 1
    assert server.stop() == 0 and files() == {"stockroom.sqlite"}


def test_serve_makes_what_is_absent_and_tells_its_health(new_server):
    server = new_server()
    server.start()
    assert server.url.startswith("http://127.0.0.1:") and not server.url.endswith(":0")
    assert server.data.is_dir()
    for path in ("/healthz", "/readyz"):
        assert requests.get(server.url + path, timeout=TIMEOUT).status_code == 200
    assert server.stop() == 0


def test_a_project_from_nothing_while_the_server_runs(new_server, tmp_path):
    server = new_server().start()
    assert server.command("account", "create", "press") == {"account": "press"}
    user = server.command("user", "create", "--account", "press", "--username", "anna", "--email", "anna@example.test")
    assert set(user) == {"gid", "username", "password", "key"} and user["username"] == "anna"
    worker = server.command("user", "create", "--account", "press", "--username", "bert", "--worker")
    project = server.command(
        *("project", "create", "--account", "press", "--owner", "anna", "--name", "Spring"),
        *("--number", 12, "--languages", "nl,en,de"),
    )
    assert set(project) == {"gid", "number"} and project["number"] == 12
    key = server.command("apikey", "create", "--project", 12, "--name", "shop")
    assert set(key) == {"user", "apiKey"}
    added = server.command("document", "add", "--project", 12, "--document", 5, "--segments", "100-109,200-204")
    assert added["document"] == 5
    job = server.command("jobscope", "add", "--project", 12, "--job", "s1", "--document", 5, "--assignee", "bert")
    assert job == {"job": "s1"}

    auth = f"{server.url}/api/p/{project['gid']}/auth"
    wait_until(lambda: requests.post(auth, json={"api_key": key["apiKey"]}, timeout=TIMEOUT).ok, 5, "the key is known")
    client = unicat_client(server.url, project["gid"], key["apiKey"], tmp_path)
    assert client.project.languages == ["nl", "en", "de"] and client.project.name == "Spring"
    assets = SegmentAssets(SegmentClient(server.url, "press", worker["key"]), scope="jbs1")
    wait_until(lambda: assets.list(204).ok, 5, "the job is known")
    assert assets.upload(204, "a.txt", b"a", locale="de")["documentId"] == 5
    assert assets.list(110).status_code == 400
