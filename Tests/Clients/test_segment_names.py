"""Names, folders and languages of segment files, good and bad.

U numbers are those of the open questions in section 11 of the dialect's reference.
"""

import unicodedata
from urllib.parse import urlsplit

import pytest

from segment_client import assert_error, query_of


@pytest.fixture(scope="module")
def shared_segment(project_assets, new_segment):
    """For wrong calls, which leave nothing behind."""
    return new_segment(project_assets)


def test_u16_the_path_decides_the_language(project_assets, project_segment):
    project_assets.upload(project_segment, "a.txt", b"as locale", locale="en")
    again = project_assets.upload(project_segment, "a.txt", b"as path", relativePath="en")
    assert (again["locale"], again["relativePath"]) == ("en", "")
    deeper = project_assets.upload(project_segment, "b.txt", b"b", relativePath="nl/deep")
    assert (deeper["locale"], deeper["relativePath"]) == ("nl", "deep")
    other = project_assets.upload(project_segment, "c.txt", b"c", relativePath="de")
    assert (other["locale"], other["relativePath"]) == (None, "de"), "no language of the project"
    assert project_assets.listed(project_segment) == [
        (None, "de", "c.txt"),
        ("en", "", "a.txt"),
        ("nl", "deep", "b.txt"),
    ]
    assert project_assets.download(project_segment, "a.txt", locale="en").content == b"as path"


@pytest.mark.parametrize("empty", ["", "  "])
def test_u17_an_empty_relative_path_counts_as_none(project_assets, project_segment, empty):
    asset = project_assets.upload(project_segment, "folder/a.txt", b"a", relativePath=empty)
    assert (asset["relativePath"], asset["name"]) == ("folder", "a.txt")
    assert project_assets.download(project_segment, "folder\\a.txt", relativePath=empty).content == b"a"


def test_separators_in_both_spellings(assets, segment):
    asset = assets.upload(segment, "a.txt", b"a", relativePath="\\public\\views/")
    assert asset["relativePath"] == "public\\views"
    scope = f"scope={assets.scope['scope']}&" if assets.scope else ""
    for path in ("public/views", "public%2Fviews", "public%5Cviews", "%2Fpublic/views%2F"):
        url = f"{assets.base}/{segment}?{scope}filename=a.txt&relativePath={path}"
        assert assets.client.call("GET", url).content == b"a", path
    assert assets.delete(segment, filename="a.txt", relativePath=asset["relativePath"]).status_code == 200
    assert assets.listed(segment) == []


def test_u18_names_match_exactly_after_normalization(project_assets, project_segment):
    decomposed = unicodedata.normalize("NFD", "Zürich é.txt")
    project_assets.upload(project_segment, decomposed, b"a")
    composed = unicodedata.normalize("NFC", decomposed)
    assert composed != decomposed
    assert project_assets.download(project_segment, composed).content == b"a"
    assert project_assets.download(project_segment, decomposed).content == b"a"
    assert project_assets.download(project_segment, composed.lower()).status_code == 404
    assert project_assets.delete(project_segment, filename=composed.upper()).status_code == 200
    assert project_assets.listed(project_segment) == [(None, "", composed)]


@pytest.mark.parametrize("locale, stored", [("EN", "en"), ("Nl", "nl"), ("", None), (None, None)])
def test_u20_locales_in_the_spelling_of_the_project(assets, segment, locale, stored):
    assert assets.upload(segment, "a.txt", b"a", locale=locale)["locale"] == stored
    assert assets.download(segment, "a.txt", locale=locale).content == b"a"


@pytest.mark.parametrize("locale", ["de", "en-GB", "e", "../en", "en/x"])
def test_u20_a_locale_that_the_project_has_not(project_assets, shared_segment, locale):
    token = project_assets.client.media_token("a.txt", b"a")
    assert_error(project_assets.attach(shared_segment, token, locale=locale), 400, "locale")
    assert project_assets.listed(shared_segment) == []


def test_u35_order_of_a_list(assets, segment):
    for name, body in [
        ("b.txt", {"locale": "nl"}),
        ("Z.txt", {}),
        ("a.txt", {"relativePath": "sub"}),
        ("a.txt", {"locale": "en", "relativePath": "sub"}),
        ("b.txt", {}),
        ("a.txt", {"locale": "en"}),
    ]:
        assets.upload(segment, name, b"x", **body)
    assert assets.listed(segment) == [
        (None, "", "Z.txt"),
        (None, "", "b.txt"),
        (None, "sub", "a.txt"),
        ("en", "", "a.txt"),
        ("en", "sub", "a.txt"),
        ("nl", "", "b.txt"),
    ]


def test_u32_the_order_inside_a_download_url(project_assets, flex_assets, project_segment, new_segment):
    asset = project_assets.upload(project_segment, "ä b&c.txt", b"x", locale="en", relativePath="p/q")
    names = [name for name, _ in query_of(asset["downloadUrl"])]
    assert names == ["locale", "scope", "filename", "relativePath", "v"]
    values = dict(query_of(asset["downloadUrl"]))
    assert (values["scope"], values["filename"], values["relativePath"]) == ("pr7214", "ä b&c.txt", "p\\q")
    assert "+" not in asset["downloadUrl"] and "%20" in asset["downloadUrl"]
    plain = project_assets.upload(project_segment, "x.txt", b"x")
    assert [name for name, _ in query_of(plain["downloadUrl"])] == ["scope", "filename", "v"]

    segment = new_segment(flex_assets)
    flex = flex_assets.upload(segment, "x.txt", b"x", locale="en", relativePath="p/q")
    assert [name for name, _ in query_of(flex["downloadUrl"])] == ["locale", "filename", "relativePath"]
    assert urlsplit(flex["downloadUrl"]).path == f"/api/apps/wbflex/documents/19914/assets/{segment}"


BAD_PATHS = {
    "dot dot": "..",
    "dot dot inside": "a/../b",
    "dot dot with backslashes": "a\\..\\..\\b",
    "dot": "a/./b",
    "nothing inside": "a//b",
    "NUL": "a\0b",
    "control": "a\x07b",
    "drive": "C:\\temp",
    "colon": "a:b",
    "star": "a*",
    "question mark": "a?",
    "quote": 'a"b',
    "less": "a<b",
    "pipe": "a|b",
    "256 bytes": "x" * 256,
}


@pytest.mark.parametrize("path", BAD_PATHS.values(), ids=BAD_PATHS.keys())
def test_u19_bad_relative_paths(project_assets, shared_segment, path):
    token = project_assets.client.media_token("a.txt", b"a")
    assert_error(project_assets.attach(shared_segment, token, relativePath=path), 400, "relativePath")
    assert project_assets.listed(shared_segment) == []
    answer = project_assets.download(shared_segment, "a.txt", relativePath=path)
    assert answer.status_code in (400, 404)
    assert_error(answer, answer.status_code)


BAD_FILE_NAMES = {
    "dot dot": "..",
    "traversal": "../../../a.txt",
    "traversal with backslashes": "..\\..\\a.txt",
    "dot dot inside": "a/../b.txt",
    "NUL": "a\0.txt",
    "control": "a\x1f.txt",
    "line break": "a\n.txt",
    "colon": "a:b.txt",
    "star": "a*.txt",
    "256 bytes": "é" * 126 + ".txt",
    "no base name": "folder/",
}


@pytest.mark.parametrize("name", BAD_FILE_NAMES.values(), ids=BAD_FILE_NAMES.keys())
def test_u19_bad_file_names(project_assets, shared_segment, name):
    """Refused when the file comes, or at the latest when it is attached."""
    manager = project_assets.client
    answer = manager.put_in_media("good.txt", b"a", filename=name)
    if answer.status_code == 200:
        answer = project_assets.attach(shared_segment, answer.json()["result"]["token"])
    assert_error(answer, 400, "filename")
    assert project_assets.listed(shared_segment) == []


def test_u19_traversal_reaches_nothing(project_assets, project_segment, new_segment):
    neighbour = new_segment(project_assets)
    project_assets.upload(neighbour, "a.txt", b"a")
    project_assets.upload(project_segment, "other.txt", b"a")
    for name in (f"../{neighbour}/a.txt", "..\\a.txt", "%2e%2e/a.txt", "/etc/passwd", "a.txt\0", "a.txt"):
        for folder in (None, "..", f"../{neighbour}", f"x/../../{neighbour}"):
            assert project_assets.download(project_segment, name, relativePath=folder).status_code in (400, 404)
            assert project_assets.delete(project_segment, filename=name, relativePath=folder).status_code in (200, 400)
    assert project_assets.listed(neighbour) == [(None, "", "a.txt")]
    assert project_assets.listed(project_segment) == [(None, "", "other.txt")]


@pytest.mark.parametrize(
    "body, parameter",
    [
        ({}, "filetoken"),
        ({"filetoken": None}, "filetoken"),
        ({"filetoken": ""}, "filetoken"),
        ({"filetoken": 5}, "filetoken"),
        ({"filetoken": ["x"]}, "filetoken"),
        ({"filetoken": "74fac397d6314cf4a2958f8318f3a9a4"}, "filetoken"),
        ({"filetoken": "TOKEN", "locale": 5}, "locale"),
        ({"filetoken": "TOKEN", "locale": {}}, "locale"),
        ({"filetoken": "TOKEN", "relativePath": []}, "relativePath"),
        ({"filetoken": "TOKEN", "relativePath": True}, "relativePath"),
    ],
    ids=str,
)
def test_u31_wrong_bodies_of_an_upload(project_assets, shared_segment, body, parameter):
    manager = project_assets.client
    if body.get("filetoken") == "TOKEN":
        body = {**body, "filetoken": manager.media_token("a.txt", b"a")}
    answer = manager.call("POST", f"/api/resources/assets/{shared_segment}?scope=pr7214", json=body)
    assert_error(answer, 400, parameter)
    assert project_assets.listed(shared_segment) == []


def test_null_counts_as_not_given(project_assets, project_segment):
    asset = project_assets.upload(project_segment, "a.txt", b"a", locale=None, relativePath=None)
    assert (asset["locale"], asset["relativePath"]) == (None, "")
