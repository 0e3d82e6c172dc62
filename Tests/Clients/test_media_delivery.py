"""How public files are delivered, previews of private ones, and signed addresses."""

import os
import re
import time
from urllib.parse import urlsplit

import pytest
from unicat.utils import gid as new_gid

import media_files
from media_client import Media, assert_gone, fetch, file_name
from media_files import decoded
from project_client import ProjectCalls, assert_error
from sample_files import HTML, SVG, png
from server_process import wait_until

FOREVER = "public, max-age=31536000, immutable"
MINUTE = "public, max-age=60"
LETTERS = b"abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def media(calls):
    return Media(calls)


@pytest.fixture
def photo(media):
    return media.upload("Photo.PNG", media_files.png())


# Headers


@pytest.fixture(scope="module")
def letters(media):
    return media.publish(media.upload("letters.txt", LETTERS))


def test_caching(media, letters, photo):
    for published in (letters, media.publish(photo), media.transform(photo, width=10)):
        plain, versioned = fetch(published["public_url"]), fetch(published["versioned_url"])
        assert plain.headers["Cache-Control"] == MINUTE and versioned.headers["Cache-Control"] == FOREVER
        for answer in (plain, versioned):
            assert re.fullmatch('(W/)?"[^"]+"', answer.headers["ETag"])
            assert answer.headers["Last-Modified"].endswith(" GMT")
            assert answer.headers["Accept-Ranges"] == "bytes"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        base = published["public_url"]
        for wrong in ("", "0", "x", "999", "0123456789ab"):
            if f"{base}?v={wrong}" != published["versioned_url"]:
                answer = fetch(f"{base}?v={wrong}")
                assert answer.status_code == 404 and "immutable" not in answer.headers.get("Cache-Control", "")


def test_head(letters):
    get, head = fetch(letters["public_url"]), fetch(letters["public_url"], "HEAD")
    assert head.status_code == 200 and head.content == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Content-Disposition", "Cache-Control"):
        assert head.headers[name] == get.headers[name], name


def test_ranges(letters):
    for wanted, content in (("bytes=0-3", b"abcd"), ("bytes=-2", b"yz"), ("bytes=20-100", b"uvwxyz")):
        answer = fetch(letters["public_url"], Range=wanted)
        assert (answer.status_code, answer.content) == (206, content)
        assert answer.headers["Content-Range"].endswith("/26")
    beyond = fetch(letters["public_url"], Range="bytes=26-")
    assert_error(beyond, 416)
    assert beyond.headers["Content-Range"] == "bytes */26"


def test_conditions(letters):
    url, headers = letters["public_url"], fetch(letters["public_url"]).headers
    for name, value in (("If_None_Match", headers["ETag"]), ("If_Modified_Since", headers["Last-Modified"])):
        answer = fetch(url, **{name: value})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == headers["ETag"]
    assert fetch(url, If_None_Match='"other"').status_code == 200
    assert fetch(url, Range="bytes=0-3", If_Range='"other"').status_code == 200
    assert fetch(url, Range="bytes=0-3", If_Range=headers["ETag"]).status_code == 206


def test_new_bytes_have_a_new_etag(media, photo):
    url = media.publish(photo)["public_url"]
    before = fetch(url).headers["ETag"]
    media.update(photo, png(4, 4))
    answer = fetch(url, If_None_Match=before)
    assert answer.status_code == 200 and answer.headers["ETag"] != before and answer.content == png(4, 4)


@pytest.mark.parametrize(
    "name, content, content_type, disposition",
    [
        ("a.png", png(), "image/png", "inline"),
        ("a.jpg", media_files.jpg(), "image/jpeg", "inline"),
        ("a.pdf", media_files.pdf_one_page(), "application/pdf", "inline"),
        ("a.svg", SVG, "image/svg+xml", "attachment"),
        ("a.html", HTML, "text/html", "attachment"),
        ("png inside.jpg", png(), "image/png", "inline"),
        ("svg inside.png", SVG, "image/svg+xml", "attachment"),
    ],
)
def test_types_and_dispositions(media, name, content, content_type, disposition):
    answer = fetch(media.publish(media.upload(name, content))["public_url"])
    assert answer.content == content
    assert answer.headers["Content-Type"].split(";")[0] == content_type
    assert answer.headers["Content-Disposition"].split(";")[0] == disposition
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers.get("Content-Security-Policy", "")
    assert policy.startswith("sandbox") == (content_type != "application/pdf")


@pytest.mark.parametrize("name", ["page.png", "page.txt", "page"])
def test_a_page_in_disguise_is_not_shown_as_one(media, name):
    answer = fetch(media.publish(media.upload(name, HTML))["public_url"])
    assert answer.content == HTML and answer.headers["X-Content-Type-Options"] == "nosniff"
    kind, disposition = (answer.headers[header].split(";")[0] for header in ("Content-Type", "Content-Disposition"))
    assert kind not in ("text/html", "image/svg+xml") or disposition == "attachment"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.disk
def test_a_proxy_may_send_the_bytes(new_server):
    server = new_server(environment={"STOCKROOM_ACCEL_REDIRECT": "/internal/"})
    assert server.demo
    media = Media.of_server(server.start())
    photo = media.upload("photo.png", media_files.png())
    for url in (media.publish(photo)["versioned_url"], media.transform(photo, width=9)["versioned_url"]):
        answer = fetch(url)
        location = answer.headers["X-Accel-Redirect"]
        assert answer.status_code == 200 and answer.content == b"" and location.startswith("/internal/")
        (file,) = [file for file in server.blob_files() if str(file).endswith(location.removeprefix("/internal"))]
        assert decoded(file.read_bytes()).format == "PNG"
        assert answer.headers["Content-Type"] == "image/png" and answer.headers["Cache-Control"] == FOREVER
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        assert fetch(url, If_None_Match=answer.headers["ETag"]).status_code == 304
    assert_gone(media.source_url(media.upload("private.png", media_files.png())))


# Previews


@pytest.mark.parametrize(
    "size, side",
    [(None, 240), (-5, 32), (1, 32), (32, 32), (33, 64), (100, 128), (200, 240), (300, 240), (99999, 240)],
)
def test_previews_fit_a_square(media, photo, size, side):
    answer = media.call("preview", photo, **({} if size is None else {"size": size}))
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/webp"
    assert "Authorization" not in answer.headers
    picture = decoded(answer.content)
    assert picture.format == "WEBP" and picture.width == side and abs(picture.height - side * 2 / 3) <= 1
    assert_gone(media.source_url(photo))


@pytest.mark.parametrize("size", ["large", "1.5", "10,10", ""])
def test_a_preview_size_that_is_no_number(media, photo, size):
    assert_error(media.call("preview", photo, size=size), 400, mentions="size")


@pytest.mark.parametrize("name", ["notes.txt", "table.xlsx", "no ending", "<script>.zip", 'a."&<b>'])
def test_what_cannot_be_drawn_has_an_icon(media, name):
    asset = media.upload(name, b"plain words\n")
    answer = media.call("preview", asset, size=64)
    assert answer.status_code == 200 and answer.headers["Content-Type"].split(";")[0] == "image/svg+xml"
    assert answer.content.lstrip().startswith((b"<svg", b"<?xml")) and b"<script" not in answer.content
    ending = os.path.splitext(asset["name"])[1][1:]
    if ending.isalnum():
        assert ending.upper() in answer.text.upper()


# Signed addresses


def sign(media, asset, **body):
    return media.calls.result("assets/sign", {"asset": asset["gid"], **body})


def test_a_signed_address_opens_a_private_file(media, photo):
    before = time.time()
    signed = sign(media, photo)
    assert signed["url"].startswith(f"{media.url}/media/s/") and file_name(signed["url"]) == photo["name"]
    assert before + 3500 < signed["expires_on"] < time.time() + 3700
    assert fetch(signed["url"]).content == media_files.png()
    assert fetch(signed["url"], Range="bytes=0-3").content == media_files.png()[:4]
    assert fetch(signed["url"], "HEAD").status_code == 200
    assert_gone(media.source_url(photo))

    small = sign(media, photo, size=64, expires_in=2592000)
    assert decoded(fetch(small["url"]).content).size == (64, 43)
    assert file_name(sign(media, media.upload("Größe 文.txt", b"x"))["url"]) == "Größe 文.txt"


def test_a_signed_address_ends(media, photo):
    signed, lasting = sign(media, photo, expires_in=1), sign(media, photo)
    wait_until(lambda: fetch(signed["url"]).status_code == 404, 30, "the address has expired")
    assert time.time() >= signed["expires_on"] - 1
    assert_gone(signed["url"])
    assert fetch(lasting["url"]).status_code == 200
    media.calls.result("assets/delete", {"asset": photo["gid"]})
    assert_gone(lasting["url"])


def test_a_signed_address_cannot_be_changed(media, photo):
    other = media.upload("other.txt", LETTERS)
    mine, theirs = (urlsplit(sign(media, asset)["url"]).path.split("/")[3] for asset in (photo, other))

    def url(token):
        return f"{media.url}/media/s/{token}/Photo.PNG"

    assert fetch(url(mine)).status_code == 200
    for at in range(0, len(mine), 5):
        changed = "A" if mine[at] != "A" else "B"
        assert_gone(url(mine[:at] + changed + mine[at + 1 :]))
    for at in (8, len(mine) // 2, len(mine) - 8):
        spliced = mine[:at] + theirs[at:]
        if spliced not in (mine, theirs):
            assert_gone(url(spliced))
    for token in (mine[:-1], mine + "A", mine[1:], media.calls.token, new_gid()):
        assert_gone(url(token))


def test_what_cannot_be_signed(media, photo, own_project):
    for body, parameter in (({}, "asset"), ({"asset": 5}, "asset"), ({"asset": "x"}, "asset")):
        assert_error(media.calls.post("assets/sign", body), 400, mentions=parameter)
    for wrong in ("soon", [1], 1.5):
        assert_error(media.calls.post("assets/sign", {"asset": photo["gid"], "expires_in": wrong}), 400, "expires_in")
    for gid in (new_gid(), media.folder):
        assert_error(media.calls.post("assets/sign", {"asset": gid}), 422)
    assert_error(own_project.calls.post("assets/sign", {"asset": photo["gid"]}), 422)
    assert_error(ProjectCalls(media.url, media.gid).post("assets/sign", {"asset": photo["gid"]}), 401)
