"""Every method of the Python client that publishes, transforms or downloads: what it gives and writes."""

import os
import re
from pathlib import Path

import pytest
from PIL import Image
from unicat import Unicat
from unicat.transform import UnicatTransform, mergeTransforms
from unicat.utils import hash_data

import media_files
from every_method import covers
from media_client import assert_colour, assert_placed, fetch, file_name
from media_files import HEIGHT, WIDTH, encoded, map_colour, noise
from project_client import assert_fails
from transform_model import plan

PUBLISHING = ["Unicat: publish_asset", "UnicatApi: publish", "UnicatAsset: publish"]
TRANSFORMING = ["Unicat: publish_transformed_asset", "UnicatApi: transform", "UnicatAsset: publish_transformed"]
DOWNLOADING = ["Unicat: download_asset", "UnicatApi: download", "UnicatAsset: download"]
DOWNLOADING_TRANSFORMED = [
    *("Unicat: download_transformed_asset", "UnicatApi: download_transformed", "UnicatAsset: download_transformed"),
]


@pytest.fixture
def photo(upload):
    return upload("Photo.png", media_files.png())


@pytest.fixture
def local(client, tmp_path):
    """The file that a download has written below the client's folder."""
    folder = tmp_path / "local"
    client.api._asset_folder = str(folder)

    def path(pathname):
        assert pathname and not pathname.startswith("/")
        return folder / pathname

    return path


@pytest.fixture
def picture(photo, local):
    """Downloads a transformed photo, and opens the file."""

    def picture(transform, asset=None):
        with Image.open(local((asset or photo).download_transformed(transform))) as image:
            image.load()
        return image

    return picture


# The file itself


@covers(*PUBLISHING)
def test_publishing(client, folder, upload, photo):
    url = photo.publish()
    assert url.endswith(f"/media/p-{client.project.gid}/src/{photo.gid}.png")
    assert photo.publish() == client.publish_asset(photo) == url
    success, result = client.api.publish(photo._data)
    assert success is True and result["public_url"] == url
    assert fetch(url).content == media_files.png()
    for name, ending in (("UPPER.JPG", ".JPG"), ("no ending", ""), ("two.tar.gz", ".gz"), ("Größe 文.txt", ".txt")):
        file = upload(name, b"content")
        assert file.publish().endswith(f"/src/{file.gid}{ending}") and fetch(file.publish()).content == b"content"

    assert folder.publish() is None and client.publish_asset(folder) is None
    assert client.api.publish(folder._data) is False
    client.mutate.delete_asset(photo)
    client.mutate.permanent_delete_asset(photo)
    assert_fails(422, photo.publish)
    success, result = client.api.publish(photo._data)
    assert success is False and result["code"] == 422
    assert client.get_root_asset().pathname == "/", "the session goes on"


@covers(*DOWNLOADING)
def test_downloading(client, folder, photo, local, tmp_path):
    pathname = photo.download()
    assert pathname == f"{folder.pathname}/{photo.gid}.png"[1:]
    assert local(pathname).read_bytes() == media_files.png()
    assert client.download_asset(photo) == pathname

    beside = photo.download("sub/copy.png")
    assert beside == f"{folder.pathname}/sub/copy.png"[1:] and local(beside).read_bytes() == media_files.png()
    absolute = client.download_asset(photo, pathname="/at/the/top.png")
    assert absolute == "at/the/top.png" and local(absolute).read_bytes() == media_files.png()
    assert client.api.download(photo._data, pathname="/api.png") == "api.png"
    assert local("api.png").read_bytes() == media_files.png()

    # A local file that is newer than the asset is not fetched again; new bytes are.
    local(pathname).write_bytes(b"changed here")
    assert photo.download() == pathname and local(pathname).read_bytes() == b"changed here"
    other = tmp_path / "other.png"
    other.write_bytes(media_files.png_alpha())
    os.utime(local(pathname), (photo.updated_on - 60, photo.updated_on - 60))
    newer = client.mutate.upload_update_asset(str(other), photo)
    assert newer.download() == pathname and local(pathname).read_bytes() == media_files.png_alpha()


@covers(*DOWNLOADING, *DOWNLOADING_TRANSFORMED)
def test_what_cannot_be_downloaded(client, server, project_gid, folder, photo, upload, local):
    for call in (folder.download, folder.download_transformed):
        assert call() is None
    assert client.download_asset(folder) is None and client.download_transformed_asset(folder) is None
    assert client.api.download(folder._data) is False and client.api.download_transformed(folder._data) is False

    text = upload("words.txt", b"no picture")
    assert text.download_transformed() is None and text.download_transformed(UnicatTransform(width=5)) is None
    client.mutate.delete_asset(photo)
    client.mutate.permanent_delete_asset(photo)
    assert photo.download() is None and photo.download_transformed() is None
    assert not local(folder.pathname[1:]).exists(), "nothing was written"

    homeless = Unicat(server.url, project_gid, server.demo["project"]["apiKey"], None)
    assert homeless.connect() is True
    file = homeless.get_asset(text.gid)
    assert file.download() is False and file.download_transformed() is False
    assert client.api.download(text._data, pathname="/words.txt") == "words.txt"


# Pictures of it


@covers(*TRANSFORMING, *DOWNLOADING_TRANSFORMED)
def test_transforming_without_options(client, folder, photo, local):
    url = photo.publish_transformed()
    assert re.fullmatch(f"{photo.gid}@[0-9a-f]{{8}}\\.png", file_name(url))
    assert client.publish_transformed_asset(photo) == url
    success, result = client.api.transform(photo._data)
    assert success is True and result["public_url"] == url
    assert (result["format"], result["width"], result["height"]) == ("png", WIDTH, HEIGHT)
    pathname = photo.download_transformed()
    assert pathname == f"{folder.pathname}/{file_name(url)}"[1:]
    with Image.open(local(pathname)) as image:
        assert_placed(image, plan(WIDTH, HEIGHT), (WIDTH, HEIGHT), None)
    assert client.api.transform(folder._data) is False and folder.publish_transformed() is None
    assert client.publish_transformed_asset(folder) is None


@covers(*TRANSFORMING)
def test_what_cannot_be_transformed(client, upload, photo):
    text = upload("words.txt", b"no picture")
    assert_fails(1003, text.publish_transformed)
    assert_fails(1003, text.publish_transformed, UnicatTransform(width=10))
    assert_fails(400, photo.publish_transformed, UnicatTransform(name="a/b"))
    assert_fails(400, client.publish_transformed_asset, photo, UnicatTransform(key="a/b"))
    success, result = client.api.transform(photo._data, {"colour": "red"})
    assert success is False and result["code"] == 400 and result["info"]["parameter"] == "colour"
    success, result = client.api.transform(photo._data, {"width": 10, "optimize": True, "force": False})
    assert success is True, "written as True and False"


@covers(*DOWNLOADING_TRANSFORMED)
def test_downloading_a_picture(client, folder, photo, local):
    transform = UnicatTransform(name="seo", key="2x", width=60)
    pathname = photo.download_transformed(transform)
    assert pathname == f"{folder.pathname}/seo@2x.png"[1:]
    written = local(pathname).read_bytes()
    assert written == fetch(photo.publish_transformed(transform)).content
    assert client.download_transformed_asset(photo, transform) == pathname
    for given, expected in (("sub/small.png", f"{folder.pathname}/sub/small.png"[1:]), ("/top.png", "top.png")):
        assert photo.download_transformed(transform, pathname=given) == expected
        assert local(expected).read_bytes() == written
    assert client.api.download_transformed(photo._data, {"key": "2x", "name": "seo"}, pathname="/api.png") == "api.png"
    assert local("api.png").read_bytes() == written, "the same name and key"


@covers("UnicatTransform: setName setKey", *TRANSFORMING)
def test_name_and_key(photo):
    def published(transform):
        return file_name(photo.publish_transformed(transform))

    assert published(UnicatTransform().setName("seo-name").setKey("2x")) == "seo-name@2x.png"
    assert published(UnicatTransform(name="Grüße 文", key="große Taste")) == "Grüße 文@große Taste.png"
    assert published(UnicatTransform(key="k")) == f"{photo.gid}@k.png"
    # The client makes a key of its options, which is not always a number.
    names = (f"name {number**7}" for number in range(1, 1_000))
    name = next(name for name in names if hash_data({"name": name}).startswith("x"))
    key = hash_data({"name": name})
    assert published(UnicatTransform(name=name)) == f"{name}@{key}.png" and key.startswith("x")


@covers("UnicatTransform: setForce setKey setWidth", *DOWNLOADING_TRANSFORMED)
def test_force(photo, local):
    def width(transform, pathname):
        with Image.open(local(photo.download_transformed(transform, pathname=pathname))) as image:
            return image.width

    assert width(UnicatTransform(key="k", resize="width").setWidth(50), "1.png") == 50
    assert width(UnicatTransform(key="k", resize="width").setWidth(60), "2.png") == 50
    assert width(UnicatTransform(key="k", resize="width").setWidth(60).setForce(False), "3.png") == 50
    assert width(UnicatTransform(key="k", resize="width").setWidth(60).setForce(True), "4.png") == 60
    assert width(UnicatTransform(key="k"), "5.png") == 60


@covers("UnicatTransform: setOptimize")
def test_optimize(picture):
    plain, optimized = (picture(UnicatTransform().setOptimize(value)) for value in (False, True))
    assert plain.convert("RGBA").tobytes() == optimized.convert("RGBA").tobytes()


@covers("UnicatTransform: setResize setWidth setHeight")
@pytest.mark.parametrize("resize", ["width", "height", "fit", "fill"])
def test_resizing(picture, resize):
    for width, height in ((100, 100), (90, 20), (400, 50)):
        transform = UnicatTransform().setResize(resize).setWidth(width).setHeight(height)
        expected = plan(WIDTH, HEIGHT, **{resize: (width, height)})
        assert_placed(picture(transform), expected, (WIDTH, HEIGHT), (0, 0, 0, 0))
    alone = {"width": {"width": 60}, "height": {"height": 40}}.get(resize)
    if alone:
        assert picture(UnicatTransform(resize=resize, **alone)).size == (60, 40)


@covers("UnicatTransform: setType")
@pytest.mark.parametrize("kind, name", [("jpg", "JPEG"), ("png", "PNG"), ("gif", "GIF")])
def test_types(picture, photo, kind, name):
    transform = UnicatTransform().setType(kind)
    image = picture(transform)
    assert (image.format, image.size) == (name, (WIDTH, HEIGHT))
    assert file_name(photo.publish_transformed(transform)).endswith(f".{kind}")
    assert_colour(image, (120, 80), map_colour(0.5, 0.5), 30 if kind == "gif" else 4)


@covers("UnicatTransform: setHotspot setCrop")
def test_hotspot_and_crop(picture):
    for hotspot, crop in (((0.25, 0.75), (0.5, 0.5)), ((0, 1), (0.2, 0.2)), ((0.5, 0.5), (1, 0.5))):
        transform = UnicatTransform().setHotspot(*hotspot).setCrop(*crop)
        assert_placed(picture(transform), plan(WIDTH, HEIGHT, hs=hotspot, crop=crop), (WIDTH, HEIGHT), None)
    transform = UnicatTransform(resize="fill", width=40, height=80).setHotspot(0.9, 0.5)
    assert_placed(picture(transform), plan(WIDTH, HEIGHT, fill=(40, 80), hs=(0.9, 0.5)), (WIDTH, HEIGHT), None)


@covers("UnicatTransform: setPadding setBackground setDevicePixelRatio")
def test_padding_background_and_density(picture):
    for padding in ((5, 10, 15, 20), ("auto", "auto", 0, 7), ("auto",) * 4, (10.5, "auto", "auto", "auto")):
        for dpr in (1, 2):
            transform = UnicatTransform(resize="fit", width=60, height=90).setPadding(*padding)
            transform.setBackground("#123abc").setDevicePixelRatio(dpr)
            expected = plan(WIDTH, HEIGHT, fit=(60, 90), padding=padding, dpr=dpr)
            assert_placed(picture(transform), expected, (WIDTH, HEIGHT), (0x12, 0x3A, 0xBC), tolerance=3)
    transform = UnicatTransform(resize="fit", width=60, height=90)
    assert_colour(picture(transform.setBackground("white")), (30, 3), (255, 255, 255))
    assert_colour(picture(transform.setBackground("transparent")), (30, 3), (0, 0, 0, 0))


@covers("UnicatTransform: setQuality", *TRANSFORMING)
def test_quality(client, upload):
    asset = upload("noise.png", encoded(noise(), "png"))
    sizes = []
    for quality in (0, 30.4, 70, 100):
        transform = UnicatTransform(type="jpg").setQuality(quality)
        sizes.append(len(fetch(asset.publish_transformed(transform)).content))
    assert sizes == sorted(set(sizes))


@covers("UnicatTransform: merge")
def test_merged_transforms(picture, photo):
    base = UnicatTransform(name="merged", resize="fill", width=100, height=100, type="jpg", quality=95, force=True)
    detail = UnicatTransform(crop=(0.5, 0.5), hotspot=(0.25, 0.25), dpr=1, optimize=False, key="d", background="white")
    # A transform that names a way to resize brings along a size.
    padded = UnicatTransform(padding=(10, 10, 10, 10), background="ff8000", resize="fit", width=100, height=100)
    merged = mergeTransforms(base, detail, padded)
    assert file_name(photo.publish_transformed(merged)) == "merged@d.jpg"
    options = {"fit": (100, 100), "crop": (0.5, 0.5), "hs": (0.25, 0.25), "padding": (10, 10, 10, 10)}
    assert_placed(picture(merged), plan(WIDTH, HEIGHT, **options), (WIDTH, HEIGHT), (255, 128, 0), tolerance=8)


@covers(*DOWNLOADING_TRANSFORMED)
def test_animations_and_documents(upload, local):
    moving = upload("moving.gif", media_files.animated("gif"))
    with Image.open(local(moving.download_transformed(UnicatTransform(resize="width", width=30)))) as image:
        assert (image.format, image.size, image.n_frames) == ("GIF", (30, 20), 3)
    for name, content in (("drawing.svg", media_files.svg()), ("pages.pdf", media_files.pdf_two_pages())):
        path = local(upload(name, content).download_transformed(UnicatTransform(resize="width", width=120)))
        assert Path(path).suffix == ".png"
        with Image.open(path) as image:
            assert image.size == (120, 80)
            assert_colour(image, (5, 5), map_colour(0.5 / 12, 0.5 / 8), 4)
