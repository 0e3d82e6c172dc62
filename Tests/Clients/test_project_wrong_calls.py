"""Every wrong call of the project dialect gets the envelope with the right code, and changes nothing."""

import pytest
import requests
from unicat.utils import gid as new_gid

import raw_http
from project_client import TIMEOUT, ProjectCalls, assert_error, new_word


def test_400_names_the_parameter(calls, folder, upload):
    file = upload("any.txt")
    for path, body, name in [
        ("assets/get", {}, "asset"),
        ("assets/get", {"asset": 5}, "asset"),
        ("assets/get", {"assets": file.gid}, "assets"),
        ("assets/get", {"pathnames": [1]}, "pathnames"),
        ("assets/children", {"asset": folder.gid, "page.size": 0}, "page.size"),
        ("assets/children", {"asset": folder.gid, "page.size": "many"}, "page.size"),
        ("assets/children", {"asset": folder.gid, "page.top": -1}, "page.top"),
        ("assets/create", {"name": "x"}, "parent"),
        ("assets/create", {"parent": folder.gid, "name": ["x"]}, "name"),
        ("assets/delete", {}, "asset"),
        ("assets/bulk/move", {"selection": [file.gid]}, "parent"),
        ("/sync/get", {}, "cc_cursor"),
        ("/sync/get", {"cc_cursor": "1"}, "cc_cursor"),
        ("/api/users/get", {}, "user"),
    ]:
        assert_error(calls.post(path, body), 400, mentions=name)
    assert calls.assets([file.gid])[file.gid]["status"] == "published"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null", b"{} {}", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_object(calls, body):
    answer = calls.post("assets/get", data=body, headers={"Content-Type": "application/json"})
    assert_error(answer, 400)


def test_a_text_with_nul_is_refused(calls):
    """The database would take it up to there, and two names would be one."""
    for name in ("a\0x", "a\0x", "\0"):
        assert_error(calls.post("queries/create", {"type": "asset", "name": name}), 400)
    assert_error(calls.post("channels/create", {"name": "web\0"}), 400)
    assert_error(calls.post("backups/create", {"created_by": "x\0"}), 400)
    # Nothing hangs, and nothing was made.
    query = calls.result("queries/create", {"type": "asset", "name": f"after {new_word()}"})["query"]
    calls.result("queries/delete", {"query": query})


@pytest.mark.parametrize("language", ["", "x" * 36, "en'", 'e"n', "日本", 5, None])
def test_a_language_that_is_no_code(calls, language):
    assert_error(calls.post("assets/search", {"language": language, "q": "x"}), 400, mentions="language")
    selection = [{"search": {"language": language, "q": "x"}}]
    assert_error(calls.post("assets/bulk/delete", {"selection": selection}), 1006, mentions="language")


def test_all_filters_of_a_selection_count_together(calls):
    def selection(count):
        filters = ["or", "", [["metadata", "has", f"a.b{number}"] for number in range(499)]]
        return [{"search": {"language": "en", "filter": filters, "q": str(number)}} for number in range(count)]

    assert calls.post("assets/bulk/get", {"selection": selection(2)}).status_code == 200
    assert_error(calls.post("assets/bulk/get", {"selection": selection(3)}), 1006, mentions="filters")


def test_unknown_parameters_and_later_alternatives_are_ignored(calls, upload):
    file = upload("given.txt")
    body = {"asset": file.gid, "assets": 5, "pathname": None, "surprise": {"a": 1}}
    assert calls.result("assets/get", body)["asset"] == file.gid


@pytest.mark.parametrize("token", [None, "", "nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])
def test_401_carries_www_authenticate(server, project_gid, token):
    session = requests.Session()
    if token is not None:
        session.headers["Authorization"] = f"Bearer {token}"
    for path in (f"/api/p/{project_gid}/assets/root", "/api/init", "/sync/get", f"/api/p/{project_gid}/init"):
        answer = session.post(server.url + path, json={"cc_cursor": 0}, timeout=TIMEOUT)
        assert_error(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert "Authorization" not in answer.headers


def test_403_for_a_project_that_is_not_ours(calls, server):
    unknown = new_gid()
    assert_error(ProjectCalls(server.url, unknown, calls.token).post("assets/root"), 403)
    answer = requests.post(f"{server.url}/api/p/{unknown}/auth", json={"api_key": "x"}, timeout=TIMEOUT)
    assert_error(answer, 403)
    assert answer.json()["result"]["message"] == "Unknown user"


def test_422_for_what_cannot_be_done(calls, folder, upload):
    file = upload("file.txt")
    for path, body in [
        ("assets/children", {"asset": new_gid()}),
        ("assets/create", {"parent": new_gid(), "name": "x"}),
        ("assets/create", {"parent": file.gid, "name": "x"}),
        ("assets/undelete", {"asset": file.gid}),
        ("assets/permanent_delete", {"asset": file.gid}),
        ("assets/permanent_delete", {"asset": new_gid()}),
    ]:
        assert_error(calls.post(path, body), 422)
    upload_file = {"upload_file": ("x.txt", b"x")}
    assert_error(calls.post("assets/upload", data={"parent": file.gid}, files=upload_file), 422)
    assert_error(calls.post("assets/upload", data={"parent": new_gid()}, files=upload_file), 422)
    assert_error(calls.post("assets/upload_update", data={"asset": folder.gid}, files=upload_file), 422)
    assert [asset["name"] for asset in calls.children(folder.gid)] == ["file.txt"]


@pytest.mark.parametrize(
    "selection",
    [
        [],
        [5],
        [None],
        ["no gid"],
        [{}],
        [{"children": "no gid"}],
        [{"children": new_gid(), "search": {"language": "en", "q": "x"}}],
        [{"children": new_gid(), "exclude": "no list"}],
        [{"children": new_gid(), "exclude": ["no gid"]}],
        [{"search": "x"}],
        [{"search": {"q": "x"}}],
        [{"search": {"language": "en", "q": 5}}],
        [{"search": {"language": "en", "filter": ["shoe size", "is", "43"]}}],
        [{"search": {"language": "en", "filter": ["type", "smells like", "image"]}}],
        [{"search": {"language": "en", "filter": ["and", "", "no list"]}}],
    ],
    ids=str,
)
def test_1006_for_a_selection_that_is_none(calls, selection):
    for endpoint in ("get", "delete", "undelete", "permanent_delete"):
        assert_error(calls.post(f"assets/bulk/{endpoint}", {"selection": selection}), 1006)


@pytest.mark.parametrize(
    "body", [{}, {"selection": "all"}, {"selection": {"children": "x"}}, {"selection": None}], ids=str
)
def test_a_selection_that_is_no_list(calls, body):
    answer = calls.post("assets/bulk/delete", body)
    assert_error(answer, answer.json()["result"]["code"], mentions="selection")
    assert answer.json()["result"]["code"] in (400, 1006)


def test_1006_for_a_page_cursor_that_is_none(calls, folder):
    body = {"selection": [{"children": folder.gid}], "page.cursor": "no cursor"}
    assert_error(calls.post("assets/bulk/get", body), 1006)


def test_501_for_what_is_not_offered(calls):
    for path in ("records/root", "batch", "/api/signup"):
        assert_error(calls.post(path), 501)


@pytest.mark.parametrize(
    "path", ["/api/p/nonsense", "/api/no/such/thing", "/api/p/{gid}/assets/burn", "/sync/nothing", "/dam/p/x/nothing"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_unknown_addresses_answer_in_the_envelope(calls, path, method):
    answer = calls.session.request(method, calls.url + path.format(gid=calls.gid), json={}, timeout=TIMEOUT)
    assert 400 <= answer.status_code <= 501 and answer.status_code != 500
    assert_error(answer, answer.status_code)


BAD_NAMES = {
    "empty": "",
    "dot": ".",
    "dot dot": "..",
    "slash": "a/b.txt",
    "traversal": "../../etc/passwd",
    "backslash": "a\\b.txt",
    "NUL": "a\0b.txt",
    "control": "a\x07b.txt",
    "line break": "a\nb.txt",
    "delete": "a\x7fb.txt",
    "256 bytes": "é" * 126 + ".txt",
}


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES.keys())
def test_bad_names_make_nothing(calls, folder, name):
    assert_error(calls.post("assets/create", {"parent": folder.gid, "name": name}), 400, mentions="name")
    sent = name.replace("\n", "%0A").replace("\r", "%0D")
    content_type, body = raw_http.multipart([("parent", folder.gid), ("upload_file", sent, b"abc")])
    answer = calls.post("assets/upload", data=body, headers={"Content-Type": content_type})
    assert_error(answer, 400)
    assert calls.children(folder.gid) == []


def test_a_name_of_255_bytes_is_fine(calls, folder):
    name = "é" * 125 + "x.txt"
    assert len(name.encode()) == 255
    gid = calls.upload(folder.gid, name, b"abc")
    assert calls.assets([gid])[gid]["name"] == name


def broken_forms(parent):
    whole_type, whole = raw_http.multipart([("parent", parent), ("upload_file", "x.txt", b"abc")])
    _, no_file = raw_http.multipart([("parent", parent)])
    _, no_parent = raw_http.multipart([("upload_file", "x.txt", b"abc")])
    _, file_without_name = raw_http.multipart([("parent", parent), ("upload_file", "abc")])
    _, unclosed = raw_http.multipart([("parent", parent), ("upload_file", "x.txt", b"abc")], closed=False)
    long_header = whole.replace(b'name="parent"', b'name="parent"; x="' + b"y" * 200_000 + b'"')
    return {
        "no file": (whole_type, no_file),
        "no parent": (whole_type, no_parent),
        "a value where the file should be": (whole_type, file_without_name),
        "no end": (whole_type, unclosed),
        "ends in a header": (whole_type, whole[: whole.index(b"upload_file")]),
        "another boundary": ("multipart/form-data; boundary=other", whole),
        "no boundary": ("multipart/form-data", whole),
        "nothing": (whole_type, b""),
        "JSON": ("application/json", b'{"parent": "x"}'),
        "a header without an end": (whole_type, long_header),
    }


@pytest.mark.parametrize("kind", broken_forms("x"))
def test_broken_forms_make_nothing(calls, folder, kind):
    content_type, body = broken_forms(folder.gid)[kind]
    answer = calls.post("assets/upload", data=body, headers={"Content-Type": content_type})
    assert answer.status_code in (400, 413, 415, 422)
    assert_error(answer, answer.status_code)
    assert calls.children(folder.gid) == []


def test_answers_renew_the_token(calls):
    answer = calls.post("assets/root")
    assert answer.headers["Authorization"].count(".") == 2
    assert "Authorization" in calls.post("/sync/cursors").headers
