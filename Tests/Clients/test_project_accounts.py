"""Logging in, keys, members and roles of the project dialect, and the wall between projects."""

import pytest
import requests
from unicat.utils import gid as new_gid

from project_client import TIMEOUT, ProjectCalls, assert_error, run_job, unicat_client
from server_process import wait_until


def assert_init(answer, project_gid, username):
    """What `auth`, `login` and `init` of a project all give."""
    assert answer.status_code == 200, answer.text
    token = answer.headers["Authorization"]
    assert not token.startswith("Bearer ") and token.count(".") == 2
    result, data = answer.json()["result"], answer.json()["data"]
    assert result["project"] == project_gid and project_gid in result["user_projects"]
    assert result["user"] in result["project_members"] and data["cc.users"][result["user"]]["username"] == username
    assert result["cc.version"] == "2026.04.002"
    assert type(result["cc.cursor"]) is int and type(result["cursor"]) is int
    assert data["cc.projects"][project_gid]["options"]["languages"] == ["en", "nl"]
    assert isinstance(data["cc.projects_members"], list)
    assert data["cc.languages"]["en"] == "English"
    assert "assets" not in data and data["queries"] == {} and data["definitions"] == {}
    return token


def test_login_with_a_password(server, project_gid):
    body = {"username": server.demo["user"], "password": server.demo["password"]}
    answer = requests.post(f"{server.url}/api/p/{project_gid}/login", json=body, timeout=TIMEOUT)
    token = assert_init(answer, project_gid, "demo")
    assert ProjectCalls(server.url, project_gid, token).result("assets/root")["root"]

    everywhere = requests.post(f"{server.url}/api/login", json=body, timeout=TIMEOUT)
    assert everywhere.status_code == 200
    assert project_gid in everywhere.json()["result"]["user_projects"]
    assert project_gid in everywhere.json()["data"]["cc.projects"]
    assert "Authorization" in everywhere.headers


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"username": "nobody"}])
def test_login_with_wrong_credentials(server, project_gid, change):
    body = {"username": server.demo["user"], "password": server.demo["password"], **change}
    for path in (f"/api/p/{project_gid}/login", "/api/login"):
        answer = requests.post(server.url + path, json=body, timeout=TIMEOUT)
        assert_error(answer, 403)
        assert answer.json()["result"]["message"] == "Unknown user"
        assert "Authorization" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_init_by_get_and_post(server, calls, owner_calls, project_gid, method):
    body = {"json": {}} if method == "POST" else {}
    answer = calls.session.request(method, f"{server.url}/api/p/{project_gid}/init", timeout=TIMEOUT, **body)
    assert_init(answer, project_gid, None)

    answer = owner_calls.session.request(method, f"{server.url}/api/init", timeout=TIMEOUT, **body)
    assert answer.status_code == 200
    result, data = answer.json()["result"], answer.json()["data"]
    assert result["user_projects"][project_gid] == ["owner"]
    assert data["cc.users"][result["user"]]["username"] == "demo"
    assert data["cc.users"][result["user"]]["options"]["language"] == "en"
    assert data["cc.projects"][project_gid]["name"]
    assert type(result["cc.cursor"]) is int and result["cc.version"] == "2026.04.002"


def test_api_keys_are_made_and_shown_by_the_owner(server, owner_calls, calls, project_gid, tmp_path):
    answer = owner_calls.post("apikeys/create", {"name": "for the press"})
    assert answer.status_code == 200
    user = answer.json()["result"]["user"]
    made = answer.json()["data"]["cc.users"][user]
    assert made["username"] is None and made["avatar"] is None and made["name"] == "for the press"
    (membership,) = answer.json()["data"]["cc.projects_members"]
    assert membership["user_gid"] == user and membership["roles"] == ["api"] and membership["status"] == "active"

    key = owner_calls.result("apikeys/get", {"user": user})["apikey"]
    assert owner_calls.result("apikeys/get", {"user": user})["apikey"] == key, "the same each time"
    assert unicat_client(server.url, project_gid, key, tmp_path).get_root_asset().pathname == "/"

    assert_error(calls.post("apikeys/create", {"name": "by a key"}), 403)
    assert_error(calls.post("apikeys/get", {"user": user}), 403)
    owner = owner_calls.result("init")["user"]
    assert_error(owner_calls.post("apikeys/get", {"user": owner}), 422)
    assert_error(owner_calls.post("apikeys/get", {"user": new_gid()}), 422)
    assert_error(owner_calls.post("apikeys/create", {}), 400, mentions="name")


def test_languages_projects_users_members(server, calls, owner_calls, project_gid):
    for method, body in (("GET", {}), ("POST", {"json": {}})):
        answer = requests.request(method, f"{server.url}/api/languages/get", timeout=TIMEOUT, **body)
        assert answer.status_code == 200 and answer.json()["data"]["cc.languages"]["nl"] == "Dutch"

    answer = owner_calls.post("/api/projects/get", {"project": project_gid}).json()
    assert answer["result"]["project"] == project_gid
    project = answer["data"]["cc.projects"][project_gid]
    assert project["options"]["languages"] == ["en", "nl"] and "backups" in project

    owner, api_user = project["owner"], calls.result("init")["user"]
    me = owner_calls.post("/api/users/get", {"user": owner}).json()["data"]["cc.users"][owner]
    assert me["username"] == "demo" and "email" in me and "options" in me
    other = calls.post("/api/users/get", {"user": owner}).json()["data"]["cc.users"][owner]
    assert other["username"] == "demo" and "email" not in other, "the short form for other people"

    answer = calls.post("/api/members/get", {"project": project_gid, "member": owner}).json()
    assert answer["result"]["user"] == owner
    assert [entry["roles"] for entry in answer["data"]["cc.projects_members"]] == [["owner"]]
    answer = calls.post("members/get", {"members": [api_user, owner]}).json()
    assert answer["result"]["users"] == [api_user, owner]
    roles = {entry["user_gid"]: entry["roles"] for entry in answer["data"]["cc.projects_members"]}
    assert roles == {api_user: ["api"], owner: ["owner"]}

    assert_error(calls.post("/api/users/get", {"user": new_gid()}), 422)
    assert_error(calls.post("/api/projects/get", {"project": new_gid()}), 403)
    assert_error(calls.post("/api/members/get", {"project": project_gid, "member": new_gid()}), 422)


def test_ping_needs_no_token(server):
    for method, body in (("GET", {}), ("POST", {"json": {}})):
        answer = requests.request(method, f"{server.url}/api/ping", timeout=TIMEOUT, **body)
        assert answer.status_code == 200
        assert answer.json() == {"success": True, "result": {}, "data": {}}


def test_the_roles_of_members(server, owner_calls, project_gid, folder, upload):
    """A viewer reads; a contributor also writes, and deletes nothing."""
    file = upload("under glass.txt")
    for role, may_write in (("viewer", False), ("contributor", True)):
        made = server.command("user", "create", "--account", server.demo["account"], "--username", f"some-{role}")
        server.command("member", "add", "--project", project_gid, "--user", f"some-{role}", "--role", role)
        body = {"username": made["username"], "password": made["password"]}
        path = f"{server.url}/api/p/{project_gid}/login"
        wait_until(lambda: requests.post(path, json=body, timeout=TIMEOUT).ok, 5, f"the {role} can log in")
        user = ProjectCalls.with_password(server.url, project_gid, **body)

        assert file.gid in user.assets([file.gid])
        created = user.post("assets/create", {"parent": folder.gid, "name": f"by the {role}"})
        uploaded = user.post(
            "assets/upload", data={"parent": folder.gid}, files={"upload_file": (f"by the {role}.txt", b"x")}
        )
        for answer in (created, uploaded):
            if may_write:
                assert answer.status_code == 200, answer.text
            else:
                assert_error(answer, 403)
        assert_error(user.post("assets/delete", {"asset": file.gid}), 403)
        assert_error(user.post("assets/bulk/delete", {"selection": [file.gid]}), 403)
        assert_error(user.post("apikeys/create", {"name": "mine"}), 403)
    names = {asset["name"] for asset in owner_calls.children(folder.gid)}
    assert names == {"under glass.txt", "by the contributor", "by the contributor.txt"}
    assert owner_calls.assets([file.gid])[file.gid]["status"] == "published"


def test_another_project_is_another_world(server, calls, upload, tmp_path):
    file = upload("mine.txt")
    demo = server.demo
    other = server.command(
        *("project", "create", "--account", demo["account"], "--owner", demo["user"]),
        *("--name", "Other", "--languages", "en"),
    )
    key = server.command("apikey", "create", "--project", other["gid"], "--name", "other")["apiKey"]
    auth = f"{server.url}/api/p/{other['gid']}/auth"
    wait_until(lambda: requests.post(auth, json={"api_key": key}, timeout=TIMEOUT).ok, 5, "the new key is known")
    stranger = ProjectCalls.with_key(server.url, other["gid"], key)

    assert_error(stranger.post("assets/get", {"asset": file.gid}), 422)
    assert stranger.assets([file.gid]) == {}
    assert_error(stranger.post("assets/delete", {"asset": file.gid}), 422)
    assert_error(stranger.post("assets/children", {"asset": file.gid}), 422)
    assert_error(stranger.post("assets/create", {"parent": calls.result("assets/root")["root"], "name": "x"}), 422)
    client = unicat_client(server.url, other["gid"], key, tmp_path)
    run_job(client, "/assets/bulk/delete", selection=[file.gid])
    assert calls.assets([file.gid])[file.gid]["status"] == "published"

    # A key opens its own project only, and so does its token.
    assert_error(requests.post(auth, json={"api_key": demo["project"]["apiKey"]}, timeout=TIMEOUT), 403)
    crossed = ProjectCalls(server.url, other["gid"], calls.token)
    assert_error(crossed.post("assets/root"), 403)
    assert_error(crossed.post("/sync/get", {"cc_cursor": 0, "project": other["gid"], "cursor": 0}), 403)
