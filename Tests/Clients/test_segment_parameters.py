"""Tokens, scopes, segments and the spelling of parameters in the segment dialect.

U numbers are those of the open questions in section 11 of the dialect's reference.
"""

import pytest
import requests

from segment_client import TIMEOUT, SegmentAssets, SegmentClient, assert_error, assert_token_error, get_token
from server_process import wait_until

# Tokens


@pytest.mark.parametrize("body", [{"key": "x"}, {"accountid": "demo"}, {"accountid": 5, "key": "x"}, {}], ids=str)
def test_token_with_a_parameter_missing(server, body):
    answer = requests.post(f"{server.url}/api/auth/token", json=body, timeout=TIMEOUT)
    assert_error(answer, 400, "key" if "accountid" in body and body["accountid"] == "demo" else "accountid")


def test_u06_a_wrong_account_answers_like_a_wrong_key(server):
    answer = get_token(server.url, "no such account", server.demo["key"])
    assert_error(answer, 400)
    assert answer.json()["reason"] == "Invalid private key."


def test_u07_the_account_must_be_the_token_s(server, manager):
    headers = {**manager.auth_headers, "X-Auth-AccountId": "other"}
    url = f"{server.url}/api/resources/assets/27665601/list?scope=pr7214"
    assert_token_error(requests.get(url, headers=headers, timeout=TIMEOUT))
    del headers["X-Auth-AccountId"]
    assert_token_error(requests.get(url, headers=headers, timeout=TIMEOUT))
    assert manager.call("GET", "/api/resources/assets/27665601/list?scope=pr7214").status_code == 200


def test_u09_a_token_given_back_is_dead(server):
    one, two = (SegmentClient(server.url, server.demo["account"], server.demo["key"]) for _ in range(2))
    answer = one.call("DELETE", "/api/auth/token", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert_token_error(one.call("GET", "/api/resources/assets/27665601/list?scope=pr7214"))
    assert_token_error(one.call("DELETE", "/api/auth/token"))
    assert two.call("GET", "/api/resources/assets/27665601/list?scope=pr7214").status_code == 200


def test_a_user_of_another_account_sees_nothing(server, project_assets, project_segment):
    project_assets.upload(project_segment, "ours.txt", b"ours")
    server.command("account", "create", "other")
    key = server.command("user", "create", "--account", "other", "--username", "stranger")["key"]
    wait_until(lambda: get_token(server.url, "other", key).ok, 5, "the new user is known to the running server")
    stranger = project_assets.as_user(SegmentClient(server.url, "other", key))
    for answer in (
        stranger.list(project_segment),
        stranger.download(project_segment, "ours.txt"),
        stranger.delete(project_segment),
    ):
        assert answer.status_code in (400, 403)
        assert_error(answer, answer.status_code)
    flex = SegmentAssets(stranger.client, flex=19914)
    assert flex.list(27667801).status_code in (400, 403)
    assert project_assets.download(project_segment, "ours.txt").content == b"ours"


# Parameters


def test_u01_names_of_parameters_in_any_case(manager, project_assets, project_segment):
    token = manager.media_token("a.txt", b"a")
    base = f"/api/resources/assets/{project_segment}"
    body = {"FileToken": token, "LOCALE": "en", "relativepath": "x", "unknown": 1}
    assert manager.call("POST", f"{base}?Scope=pr7214&surprise=1", json=body).status_code == 200
    assert project_assets.listed(project_segment) == [("en", "x", "a.txt")]
    url = f"{base}?SCOPE=pr7214&FileName=a.txt&Locale=en&RELATIVEPATH=x"
    assert manager.call("GET", url).content == b"a"
    many = manager.call("GET", f"/api/resources/assets/list?scope=pr7214&segmentids={project_segment}")
    assert len(many.json()) == 1
    # Were the name of `filename` missed, this would delete everything.
    project_assets.upload(project_segment, "b.txt", b"b")
    assert manager.call("DELETE", url).status_code == 200
    assert project_assets.listed(project_segment) == [(None, "", "b.txt")]


def test_u10_scopes(manager, project_segment):
    for scope in ("PR7214", "Pr7214", "JBS773"):
        assert SegmentAssets(manager, scope=scope).list(project_segment).status_code == 200
    for scope in (None, "", "7214", "pr", "pr72x", "jb773", "pr-1", "pr7214 ", "pr" + "9" * 40):
        assert_error(SegmentAssets(manager, scope=scope).list(project_segment), 400, "scope")


def test_u27_unknown_projects_and_jobs(manager, project_segment):
    for scope in ("pr99999", "jbs99999", "jbc773"):
        assets = SegmentAssets(manager, scope=scope)
        for answer in (
            assets.list(project_segment),
            assets.download(project_segment, "a"),
            assets.delete(project_segment),
        ):
            assert_error(answer, 400, "scope")


def test_the_scope_is_mandatory_in_every_call(manager, project_segment):
    assets = SegmentAssets(manager, scope=None)
    token = manager.media_token("a.txt", b"a")
    for answer in (
        assets.list(project_segment),
        assets.list_many(str(project_segment)),
        assets.download(project_segment, "a.txt"),
        assets.delete(project_segment, filename="a.txt"),
        assets.delete(project_segment),
        assets.attach(project_segment, token),
    ):
        assert_error(answer, 400, "scope")


@pytest.mark.parametrize("wrong", ["abc", "1.5", "-1", "27665601x", "99999999", "27667801"])
def test_u25_u26_wrong_segments(manager, project_assets, wrong):
    """No number; unknown; of another document of the project (for a job scope)."""
    assets = SegmentAssets(manager, scope="jbs773") if wrong == "27667801" else project_assets
    token = manager.media_token("a.txt", b"a")
    for answer in (
        assets.list(wrong),
        assets.download(wrong, "a.txt"),
        assets.delete(wrong, filename="a.txt"),
        assets.delete(wrong),
        assets.attach(wrong, token),
    ):
        assert_error(answer, 400, "segmentid")


def test_u26_flex_wrong_segments(flex_assets):
    for wrong in ("abc", "99999999", "27665601"):
        assert_error(flex_assets.list(wrong), 400, "segmentid")
        assert_error(flex_assets.delete(wrong), 400, "segmentid")


@pytest.mark.parametrize("document", ["99999", "19641", "c99999", "s773", "x", "-1"])
def test_u43_unknown_flex_documents(manager, document):
    assets = SegmentAssets(manager, flex=document)
    for answer in (assets.list(27667801), assets.list_many("27667801"), assets.delete(27667801)):
        assert_error(answer, 400, "id")


def test_u42_a_flex_document_by_number_and_by_job(flex_assets, flex_job_assets, new_segment):
    segment = new_segment(flex_assets)
    asset = flex_assets.upload(segment, "a.txt", b"a")
    (seen,) = flex_job_assets.list(segment).json()
    assert seen["documentId"] == asset["documentId"] == "19914"
    assert flex_job_assets.download(segment, "a.txt").content == b"a"
    assert flex_job_assets.client.call("GET", seen["downloadUrl"]).content == b"a"


def test_u15_one_store_behind_both_families(project_assets, flex_assets, new_segment):
    segment = new_segment(flex_assets)
    flex = flex_assets.upload(segment, "a.txt", b"abc", locale="nl")
    (seen,) = project_assets.list(segment).json()
    assert (seen["documentId"], flex["documentId"]) == (19914, "19914")
    assert (seen["name"], seen["size"], seen["locale"]) == ("a.txt", 3, "nl")
    assert project_assets.delete(segment, filename="a.txt", locale="nl").status_code == 200
    assert flex_assets.listed(segment) == []


@pytest.mark.parametrize(
    "ids",
    [None, "", " ", "abc", "27665601,abc", "27665601,,27665602", "1.5", ",".join(map(str, range(27665000, 27665501)))],
)
def test_u36_wrong_lists_of_segments(assets, ids):
    answer = assets.client.call("GET", f"{assets.base}/list", params={**assets.scope, "segmentIds": ids})
    assert_error(answer, 400, "segmentIds")


def test_u36_unknown_segments_add_nothing_and_500_are_fine(assets, segment):
    asset = assets.upload(segment, "a.txt", b"a")
    unknown = [number for number in range(1, 500)]
    answer = assets.list_many(",".join(map(str, [*unknown, segment])))
    assert answer.status_code == 200 and answer.json() == [asset]


@pytest.mark.parametrize(
    "query", [{"locale": "en"}, {"relativePath": "x"}, {"filename": ""}, {"filename": "", "locale": "en"}], ids=str
)
def test_u41_a_mistyped_delete_destroys_nothing(assets, segment, query):
    assets.upload(segment, "a.txt", b"a")
    assets.upload(segment, "a.txt", b"a", locale="en", relativePath="x")
    assert_error(assets.delete(segment, **query), 400, "filename")
    assert len(assets.listed(segment)) == 2


def test_filename_is_mandatory_for_a_download(assets, segment):
    assert_error(assets.download(segment), 400, "filename")
    assert_error(assets.download(segment, ""), 400, "filename")
