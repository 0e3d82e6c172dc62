"""Downloads of the segment dialect: ranges, conditions, caching, types.

U numbers are those of the open questions in section 11 of the dialect's reference.
"""

import re

import pytest

from sample_files import HTML, PDF, SVG, png
from segment_client import assert_error

MONTH = "max-age=2592000"


@pytest.fixture(scope="module")
def letters(assets, new_segment):
    """Downloads an asset of 26 bytes, with headers."""
    segment = new_segment(assets)
    assets.upload(segment, "letters.txt", b"abcdefghijklmnopqrstuvwxyz")

    def get(method="GET", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return assets.download(segment, "letters.txt", method=method, headers=headers)

    return get


def test_u40_a_plain_get(letters):
    answer = letters()
    assert answer.status_code == 200 and answer.content == b"abcdefghijklmnopqrstuvwxyz"
    assert answer.headers["Content-Length"] == "26"
    assert answer.headers["Content-Type"].split(";")[0] == "text/plain"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert re.fullmatch('(W/)?"[^"]+"', answer.headers["ETag"])
    assert answer.headers["Last-Modified"].endswith(" GMT")
    assert answer.headers["Content-Disposition"] == 'inline; filename="letters.txt"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_u40_head(letters):
    get, head = letters(), letters("HEAD")
    assert head.status_code == 200 and head.content == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Content-Disposition", "Cache-Control"):
        assert head.headers[name] == get.headers[name], name


@pytest.mark.parametrize(
    "wanted, content, content_range",
    [
        ("bytes=0-3", b"abcd", "bytes 0-3/26"),
        ("bytes=23-", b"xyz", "bytes 23-25/26"),
        ("bytes=-2", b"yz", "bytes 24-25/26"),
        ("bytes=-100", b"abcdefghijklmnopqrstuvwxyz", "bytes 0-25/26"),
        ("bytes=20-100", b"uvwxyz", "bytes 20-25/26"),
        ("bytes=25-25", b"z", "bytes 25-25/26"),
    ],
)
def test_u40_ranges(letters, wanted, content, content_range):
    answer = letters(Range=wanted)
    assert answer.status_code == 206 and answer.content == content
    assert answer.headers["Content-Range"] == content_range
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["ETag"] == letters().headers["ETag"]


@pytest.mark.parametrize("wanted", ["bytes=26-", "bytes=100-200", "bytes=-0"])
def test_u40_ranges_beyond_the_end(letters, wanted):
    answer = letters(Range=wanted)
    assert_error(answer, 416)
    assert answer.headers["Content-Range"] == "bytes */26"


@pytest.mark.parametrize("wanted", ["bytes=", "bytes=x-y", "bytes=5-3", "lines=0-3", "bytes 0-3", "bytes=0-1,3-4"])
def test_u40_what_is_no_single_range_gives_everything(letters, wanted):
    answer = letters(Range=wanted)
    assert answer.status_code == 200 and len(answer.content) == 26


def test_u40_if_none_match(letters):
    etag = letters().headers["ETag"]
    for value in (etag, f'"x", {etag}', "*", etag.removeprefix("W/"), "W/" + etag.removeprefix("W/")):
        answer = letters(If_None_Match=value)
        assert (answer.status_code, answer.content) == (304, b""), value
        assert answer.headers["ETag"] == etag
        assert letters("HEAD", If_None_Match=value).status_code == 304
    assert letters(If_None_Match='"something else"').status_code == 200


def test_u40_if_modified_since(letters):
    modified = letters().headers["Last-Modified"]
    assert letters(If_Modified_Since=modified).status_code == 304
    assert letters(If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT").status_code == 200
    assert letters(If_Modified_Since="nonsense").status_code == 200
    assert letters(If_Modified_Since=modified, If_None_Match='"other"').status_code == 200, "the ETag decides"


def test_u40_if_range(letters):
    first = letters().headers
    answer = letters(Range="bytes=0-3", If_Range=first["ETag"])
    assert (answer.status_code, answer.content) == (206, b"abcd")
    answer = letters(Range="bytes=0-3", If_Range='"something else"')
    assert (answer.status_code, len(answer.content)) == (200, 26)
    answer = letters(Range="bytes=0-3", If_Range="Sat, 01 Jan 2000 00:00:00 GMT")
    assert (answer.status_code, len(answer.content)) == (200, 26)


def test_the_etag_changes_with_the_bytes(assets, segment):
    assets.upload(segment, "a.txt", b"one")
    before = assets.download(segment, "a.txt")
    assets.upload(segment, "a.txt", b"two")
    after = assets.download(segment, "a.txt", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200 and after.content == b"two"
    assert after.headers["ETag"] != before.headers["ETag"]


def test_an_empty_file(assets, segment):
    asset = assets.upload(segment, "empty.txt", b"")
    assert asset[assets.size_key] == 0
    answer = assets.download(segment, "empty.txt")
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "0")
    assert assets.download(segment, "empty.txt", headers={"Range": "bytes=0-"}).status_code in (200, 416)


def test_u39_caching_of_project_downloads(manager, project_assets, project_segment):
    asset = project_assets.upload(project_segment, "a.png", png())
    with_version = manager.call("GET", asset["downloadUrl"])
    assert with_version.headers["Cache-Control"] == MONTH and with_version.headers["ETag"]
    without = project_assets.download(project_segment, "a.png")
    assert without.headers["Cache-Control"] == "no-cache" and without.headers["ETag"]


@pytest.fixture(scope="module")
def gallery(project_assets, new_segment):
    """A segment for files of many kinds."""
    return new_segment(project_assets)


@pytest.mark.parametrize(
    "name, content, content_type, disposition",
    [
        ("a.png", png(), "image/png", "inline"),
        ("a.JPG", b"jpeg", "image/jpeg", "inline"),
        ("a.mp4", b"video", "video/mp4", "inline"),
        ("a.mp3", b"audio", "audio/mpeg", "inline"),
        ("a.pdf", PDF, "application/pdf", "inline"),
        ("a.txt", b"text", "text/plain", "inline"),
        ("a.svg", SVG, "image/svg+xml", "attachment"),
        ("a.html", HTML, "text/html", "attachment"),
        ("a.zip", b"PK", "application/zip", "attachment"),
        ("a.unheardof", b"?", "application/octet-stream", "attachment"),
        ("no extension", HTML, "application/octet-stream", "attachment"),
    ],
)
def test_u23_u38_types_and_dispositions(project_assets, gallery, name, content, content_type, disposition):
    asset = project_assets.upload(gallery, name, content)
    assert asset["contentType"] == content_type
    answer = project_assets.download(gallery, name)
    assert answer.content == content
    assert answer.headers["Content-Type"].split(";")[0] == content_type
    assert answer.headers["Content-Disposition"] == f'{disposition}; filename="{name}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_u38_names_outside_ascii(project_assets, project_segment):
    project_assets.upload(project_segment, "Größe 文.png", png())
    answer = project_assets.download(project_segment, "Größe 文.png")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.isascii() and disposition.startswith('inline; filename="')
    assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%E6%96%87.png" in disposition
