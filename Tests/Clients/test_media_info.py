"""What a file is found to be: at once by its first bytes, and soon afterwards by a look at all of it."""

import pytest

import media_files
from media_client import INSPECTION_SECONDS, Media
from media_files import CAMERA, CAPTION, CREATOR, HEIGHT, WIDTH, encoded
from server_process import wait_until

KEYS = {
    *("format", "filesize", "pages", "width", "height", "resolution", "transparent", "animated", "colors"),
    *("colorspace", "metadata"),
}


@pytest.fixture(scope="module")
def media(calls):
    return Media(calls)


def upload(media, name):
    return media.upload(name, media_files.every_kind()[name])


@pytest.mark.parametrize("name", media_files.every_kind())
def test_each_kind_has_its_format_and_size(media, name):
    asset = upload(media, name)
    ending = name.rpartition(".")[2]
    info = media.inspected(asset, lambda info: info["width"] and info["pages"], "size and pages are known")
    assert set(info) == KEYS
    assert info["format"] == ending == asset["type"]
    assert info["filesize"] == len(media_files.every_kind()[name])
    assert info["pages"] == (2 if name == "two pages.pdf" else 1) and not info["animated"]
    if ending != "pdf":
        assert {info["width"], info["height"]} == {WIDTH, HEIGHT}
    assert all(isinstance(value, str) for value in info["metadata"].values())
    assert media.asset(asset["gid"])["info"] == info, "the asset tells the same"


@pytest.mark.parametrize(
    "name, content, expected",
    [
        ("glass.png", media_files.png_alpha, {"transparent": True, "colors": "truecolormatte", "colorspace": "srgb"}),
        ("photo.png", media_files.png, {"transparent": False, "colors": "truecolor", "animated": False}),
        ("inks.jpg", media_files.jpg_cmyk, {"colorspace": "cmyk", "width": WIDTH, "height": HEIGHT}),
        ("moving.gif", lambda: media_files.animated("gif"), {"animated": True, "pages": 3, "width": 60, "height": 40}),
        ("moving.webp", lambda: media_files.animated("webp"), {"animated": True, "pages": 3, "width": 60}),
        ("print.jpg", media_files.jpg, {"resolution": [200, 200], "pages": 1}),
        ("grey.png", lambda: encoded(media_files.gradient().convert("L"), "png"), {"colors": "greyscale"}),
        ("notes.txt", lambda: b"words", {"format": "txt", "filesize": 5, "width": None, "pages": None}),
    ],
)
def test_details(media, name, content, expected):
    asset = media.upload(name, content())
    info = media.inspected(
        asset, lambda info: {key: info[key] for key in expected} == expected, f"{expected}, has {asset['info']}"
    )
    assert set(info) == KEYS


def test_texts_of_cameras_and_archives_are_found(media, calls):
    cursors = calls.cursors()
    asset = media.upload("described.jpg", media_files.jpg_with_texts())
    info = media.inspected(asset, lambda info: CAMERA in str(info["metadata"]), "the camera is in the metadata")
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in info["metadata"].items())
    for text in (CAMERA, CAPTION, CREATOR):
        assert any(text in value for value in info["metadata"].values()), text
    seen = wait_until(
        lambda: found if (found := media.asset(asset["gid"]))["info"] == info else None,
        INSPECTION_SECONDS,
        "the asset tells the same",
    )
    assert seen["version"] == asset["version"], "its bytes are the same"
    actions = [item["action"] for item in calls.changes(*cursors) if item["data_key"] == asset["gid"]]
    assert actions[0] == "INSERT" and "UPDATE" in actions[1:], "others are told of it"

    newer = media.update(asset, media_files.jpg())
    info = media.inspected(newer, lambda info: CAMERA not in str(info["metadata"]), "the old texts are gone")
    assert info["filesize"] == len(media_files.jpg())


def test_a_name_that_says_something_else(media):
    asset = media.upload("a.jpg", media_files.png())
    info = media.inspected(asset, lambda info: "file:mismatch" in info["metadata"], "the name does not fit")
    assert info["metadata"]["file:mismatch"] == "png named .jpg" and info["format"] == "png"
    assert media.asset(asset["gid"])["type"] == "png"
    for name, content in (("b.png", media_files.png()), ("b.jpeg", media_files.jpg()), ("b", media_files.png())):
        assert "file:mismatch" not in media.result("info", media.upload(name, content))["metadata"]


def test_text_that_is_named_a_picture(media):
    asset = media.upload("text.jpg", b"This is no picture.\n")
    media.inspected(asset, lambda info: info["format"] is None, "it is no picture")
    assert wait_until(lambda: media.asset(asset["gid"])["type"] is None, INSPECTION_SECONDS, "it has no type")
    assert media.asset(asset["gid"])["info"]["filesize"] == 20


def test_an_old_version_has_its_own_info(media):
    asset = media.upload("a.png", media_files.png())
    newer = media.update(asset, encoded(media_files.gradient(30, 20), "png"))
    assert (media.result("info", asset)["width"], media.result("info", newer)["width"]) == (WIDTH, 30)
