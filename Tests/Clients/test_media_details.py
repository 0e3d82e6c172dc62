"""Kinds of files that programs really write, and what must not be made of them."""

import io
import subprocess

import pytest
import requests
from PIL import Image, ImageCms

import media_files
from media_client import CONTENT_TYPES, Media, assert_colour, decoded
from server_process import Server


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("details"))
    assert server.demo
    server.start()
    yield Media.of_server(server)
    assert server.stop() == 0


def saved(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def plain(mode="RGB", colour=(200, 30, 30), size=(60, 40)):
    return Image.new(mode, size, colour)


# What is known of them


def test_a_drawing_behind_a_long_comment_is_known_and_drawn(media):
    drawing = "<!-- " + "words " * 500 + f"-->{media_files.svg(30, 20).decode()}"
    asset = media.upload("long.svg", drawing.encode())
    assert media.result("info", asset)["format"] == "svg"
    assert media.picture(asset).size == (30, 20)


def test_a_document_behind_a_mark_is_known_and_drawn(media):
    asset = media.upload("mark.pdf", b"\xef\xbb\xbf" + media_files.pdf_one_page())
    assert media.result("info", asset)["format"] == "pdf"
    assert media.picture(asset, width=30).width == 30


def test_millimetres_are_those_of_browsers(media):
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="100mm" height="50mm" viewBox="0 0 2 1"><rect width="2" height="1" fill="#f00"/></svg>'
    asset = media.upload("mm.svg", drawing.encode())
    info = media.result("info", asset)
    assert (info["width"], info["height"]) == (378, 189)
    picture = media.picture(asset, width=300)
    assert picture.size == (300, 150)
    assert_colour(picture.convert("RGB"), (298, 148), (255, 0, 0), 3)


def test_a_bitmap_that_is_not_decoded_is_not_called_broken(media):
    bitmap = bytearray(saved(plain(), "BMP"))
    bitmap[30] = 1  # packed
    asset = media.upload("packed.bmp", bytes(bitmap))
    assert media.result("info", asset)["format"] == "bmp"
    media.assert_refused(asset, width=5)


def test_the_frames_of_a_moving_png_stay_known(media):
    frames = [plain(colour=(value, 0, 0)) for value in (10, 100, 200)]
    moving = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100)
    info = media.result("info", media.upload("moving.png", moving))
    assert (info["pages"], info["animated"]) == (3, True)


def test_a_resolution_that_the_file_does_not_tell_is_not_made_up(media):
    for name, content in [("a.png", saved(plain(), "PNG")), ("a.svg", media_files.svg(9, 9))]:
        assert media.result("info", media.upload(name, content))["resolution"] is None


def test_many_long_texts_do_not_push_out_the_rest(media):
    texts = "".join(f"<x:t{number}>{'é' * 400}</x:t{number}>" for number in range(200))
    packet = f"<x:xmpmeta><rdf:RDF><rdf:Description>{texts}</rdf:Description></rdf:RDF></x:xmpmeta>"
    info = media.result("info", media.upload("texts.webp", saved(plain(), "WEBP", xmp=packet.encode())))
    assert (info["format"], info["pages"]) == ("webp", 1)
    assert 10 < len(info["metadata"]) < 200
    assert len(str(info).encode()) < 65536


def test_a_song_with_a_cover_is_no_film(media, tmp_path):
    cover, song = tmp_path / "cover.png", tmp_path / "song.mp3"
    cover.write_bytes(saved(plain(), "PNG"))
    source = ["-f", "lavfi", "-i", "sine=duration=1", "-i", cover]
    command = ["ffmpeg", "-v", "error", *source, "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic", song]
    subprocess.run(command, check=True, timeout=120)
    info = media.result("info", media.upload("song.mp3", song.read_bytes()))
    assert (info["format"], info["width"], info["animated"]) == ("mp3", None, None)
    assert info["metadata"]["audio:codec"] == "mp3"


@pytest.mark.parametrize("name", ["a.jfif", "a.jpe", "a.JPEG"])
def test_other_endings_of_a_type_are_no_mismatch(media, name):
    asset = media.upload(name, saved(plain(), "JPEG"))
    assert media.result("info", asset)["metadata"].get("file:mismatch") is None
    assert media.picture(asset, width=5).format == "JPEG"


# What is made of them


@pytest.mark.parametrize("hotspot", [(0.5, 0.5), (0.9, 0.9), (0.1, 0.8)])
@pytest.mark.parametrize("crop", [(0.0, 0.0), (0.0001, 0.0001), (0.0005, 0.5)])
def test_the_smallest_crop_is_taken_at_the_hotspot(media, hotspot, crop):
    picture = Image.merge("RGB", [Image.linear_gradient("L").rotate(turn).resize((1000, 800)) for turn in (90, 0, 0)])
    asset = media.upload("map.png", saved(picture, "PNG"))
    options = {"hs": f"{hotspot[0]:.5f},{hotspot[1]:.5f}", "crop": f"{crop[0]:.5f},{crop[1]:.5f}"}
    found = media.picture(asset, key=str(options), **options).convert("RGB")
    # A large crop stays inside the source.
    middle = [min(max(at, part / 2), 1 - part / 2) for at, part in zip(hotspot, crop)]
    expected = picture.getpixel((round(middle[0] * 999), round(middle[1] * 799)))
    assert_colour(found, (found.width // 2, found.height // 2), expected, 4)


def profile(space):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()


@pytest.mark.parametrize("kind", ["jpg", "png", "gif", "webp", "avif"])
def test_no_profile_goes_along(media, kind):
    asset = media.upload("tagged.jpg", saved(plain(), "JPEG", icc_profile=profile("sRGB")))
    assert "icc_profile" not in media.picture(asset, width=20, type=kind).info


def test_a_profile_for_other_colours_is_left_aside(media):
    # The colour space of a profile stands in its bytes 16 to 19.
    grey = profile("sRGB")[:16] + b"GRAY" + profile("sRGB")[20:]
    asset = media.upload("odd.jpg", saved(plain(), "JPEG", icc_profile=grey, quality=95))
    picture = media.picture(asset, type="png")
    assert picture.mode == "RGB"
    assert_colour(picture, (30, 20), (200, 30, 30), 6)


def test_scaling_does_not_darken_what_is_solid(media):
    picture = Image.new("RGBA", (200, 100), (255, 128, 1, 255))
    asset = media.upload("solid.png", saved(picture, "PNG"))
    assert media.picture(asset, width=70).getcolors() == [(70 * 35, (255, 128, 1, 255))]


def test_grey_stays_grey_in_a_png(media):
    grey = Image.linear_gradient("L")
    asset = media.upload("grey.png", saved(grey, "PNG"))
    assert media.picture(asset).mode == "L"
    assert media.picture(asset).tobytes() == grey.tobytes()
    alpha = Image.merge("LA", [grey, grey.rotate(90)])
    asset = media.upload("grey alpha.png", saved(alpha, "PNG"))
    assert media.picture(asset).mode == "LA" and media.picture(asset).tobytes() == alpha.tobytes()
    assert media.picture(asset, bg="102030", key="blue").mode == "RGB"


@pytest.mark.parametrize("kind", ["jpg", "png", "gif", "webp", "avif"])
def test_more_effort_never_gives_a_larger_file(media, kind):
    for name, picture in [("noise", media_files.noise(120, 90)), ("plain", plain()), ("bits", plain("1", 1))]:
        asset = media.upload(f"{name}.png", saved(picture, "PNG"))
        normal, small = (media.transform(asset, type=kind, optimize=value, key=value) for value in ("false", "true"))
        assert small["filesize"] <= normal["filesize"], name
        assert media.downloaded(small).size == picture.size


def test_the_head_of_a_preview_has_its_length(media):
    asset = media.upload("head.png", saved(plain(), "PNG"))
    body = media.call("preview", asset, size=32)
    head = requests.head(body.url, headers={"Authorization": body.request.headers["Authorization"]}, timeout=60)
    assert head.status_code == 200 and head.content == b""
    assert head.headers["Content-Length"] == str(len(body.content))
    assert head.headers["Content-Type"] == CONTENT_TYPES["webp"] and decoded(body.content).width == 32
