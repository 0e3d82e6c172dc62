"""Hostile and broken files: they can be kept like others, they show nothing of the server, and it goes on."""

import contextlib
import socket
import threading

import pytest
import requests
from PIL import Image, ImageStat

import media_files
from hostile_files import (
    BROKEN,
    DOUBTFUL,
    TOO_MUCH,
    gif_of,
    pdf_with_a_script,
    svg_plain,
    svg_that_calls,
    svg_with_a_script,
    svg_with_an_entity,
    svg_with_images,
)
from media_client import CONTENT_TYPES, Media, assert_colour, decoded, fetch
from media_files import HEIGHT, WIDTH, encoded, field_centres, gradient, map_colour
from project_client import TIMEOUT, assert_error
from server_process import Server

BLUE, RED = (0, 0, 255), (255, 0, 0)


@pytest.fixture(scope="module")
def hostile_server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("hostile"), {"STOCKROOM_MEDIA_TIMEOUT": "15"})
    assert server.demo
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def media(hostile_server):
    return Media.of_server(hostile_server)


@pytest.fixture(scope="module")
def good(media):
    return media.upload("good.png", media_files.png())


@pytest.fixture(autouse=True)
def alive(hostile_server, media, good):
    """After each test the same process answers, and draws."""
    process = hostile_server.process
    yield
    assert requests.get(f"{hostile_server.url}/healthz", timeout=TIMEOUT).status_code == 200
    assert media.picture(good, width=30, key="alive", force="true").size == (30, 20)
    assert hostile_server.process is process and process.poll() is None


def assert_preview(media, asset, *kinds):
    answer = media.call("preview", asset, size=64)
    assert answer.status_code == 200
    kind = answer.headers["Content-Type"].split(";")[0]
    assert kind in [CONTENT_TYPES[kind] for kind in kinds]
    if kind == CONTENT_TYPES["webp"]:
        assert max(decoded(answer.content).size) <= 64


def assert_sane(info, content):
    """Nothing is invented, and nothing is too long to be kept."""
    assert info["filesize"] == len(content)
    assert all(isinstance(value, str) for value in info["metadata"].values())
    assert len(str(info)) < 300_000
    assert all(info[key] is None or type(info[key]) is int for key in ("width", "height", "pages"))


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_told_so(media, name):
    content = BROKEN[name]()
    asset = media.upload(name, content)
    info = media.inspected(asset, lambda info: info["format"] is None, "it is broken")
    assert_sane(info, content)
    for options in ({}, {"width": 50}, {"type": "jpg", "fill": (20, 20)}, {"type": "webp", "optimize": "true"}):
        media.assert_refused(asset, **options)
    assert_preview(media, asset, "svg")
    assert fetch(media.publish(asset)["public_url"]).content == content, "it is kept as it is"


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_much_is_refused(media, name):
    content = TOO_MUCH[name]()
    asset = media.upload(name, content)
    for options in ({}, {"width": 50}, {"type": "gif", "fit": (9, 9)}):
        media.assert_refused(asset, **options)
    if name != "frames.gif":  # whose first frame may be shown
        media.assert_refused(asset, type="jpg", crop=(0.01, 0.01))
    info = media.result("info", asset)
    assert info["format"] in (None, name.rpartition(".")[2])
    assert_sane(info, content)
    assert_preview(media, asset, "svg", "webp")


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_doubtful_is_drawn_or_refused(media, name):
    content = DOUBTFUL[name]()
    asset = media.upload(name, content)
    for options in ({"width": 50}, {"type": "webp"}):
        answer = media.try_transform(asset, **options)
        if answer.status_code == 200:
            media.downloaded(answer.json()["result"])
        else:
            assert_error(answer, 1003)
    assert_sane(media.result("info", asset), content)
    assert_preview(media, asset, "svg", "webp")


def test_many_at_once_and_a_good_one_among_them(media, good):
    assets = [media.upload(name, make()) for table in (BROKEN, TOO_MUCH) for name, make in table.items()]
    statuses, lock = [], threading.Lock()

    def work(asset):
        one = media.as_user(type(media.calls)(media.url, media.gid, media.calls.token))
        answer = one.try_transform(asset, width=40, force="true")
        with lock:
            statuses.append((asset["name"], answer.status_code))

    threads = [threading.Thread(target=work, args=(asset,)) for asset in [*assets, good]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == sorted([(asset["name"], 422) for asset in assets] + [("good.png", 200)])


# SVG: drawn without what it asks for, or refused


def assert_harmless(media, content):
    """The picture is white, but for the blue square that shows that it was drawn."""
    asset = media.upload("hostile.svg", content)
    for options in ({"type": "png"}, {"type": "jpg", "width": 120}):
        answer = media.try_transform(asset, **options)
        if answer.status_code != 200:
            assert_error(answer, 1003)
            continue
        picture = media.downloaded(answer.json()["result"]).convert("RGB").resize((WIDTH, HEIGHT))
        assert_colour(picture, (8, 8), BLUE, 20)
        picture.paste((255, 255, 255), (0, 0, 26, 26))
        assert min(low for low, _ in ImageStat.Stat(picture).extrema) > 225, "something was drawn"
    assert_preview(media, asset, "svg", "webp")
    info = str(media.result("info", asset))
    assert "root:" not in info and "quince secret" not in info
    return asset


def test_the_plain_drawing_is_drawn(media):
    asset = assert_harmless(media, svg_plain())
    assert media.picture(asset).size == (WIDTH, HEIGHT)


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "secret.txt"
    file.write_text("quince secret")
    return file


@pytest.mark.parametrize("form", ["file:///etc/passwd", "/etc/passwd", "{uri}", "{path}", "file://localhost{path}"])
def test_an_entity_brings_in_no_file(media, secret, form):
    assert_harmless(media, svg_with_an_entity(form.format(uri=secret.as_uri(), path=secret)))


def test_an_image_brings_in_no_file(media, tmp_path):
    """Wherever on the disk it lies, and however it is named."""
    for name, content in (
        ("red.png", encoded(Image.new("RGB", (9, 9), RED), "png")),
        ("red.svg", svg_plain().replace(b"#fff", b"#f00").replace(b"#00f", b"#f00")),
    ):
        (tmp_path / name).write_bytes(content)
        path = tmp_path / name
        up = "../" * 12
        assert_harmless(media, svg_with_images(path.as_uri(), path, up + str(path)[1:], f"file://localhost{path}"))


def test_a_script_does_nothing(media):
    asset = assert_harmless(media, svg_with_a_script())
    assert media.picture(asset, width=60).size == (60, 40)
    answer = fetch(media.publish(asset)["public_url"])
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.fixture
def listener():
    """A socket of this machine that nobody must call."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("scheme", ["http", "https", "ftp"])
def test_a_drawing_calls_nobody(media, listener, scheme):
    address = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    assert_harmless(media, svg_that_calls(address))
    assert_harmless(media, svg_with_an_entity(f"{address}/a.txt"))
    assert_harmless(media, svg_with_images(f"{address}/a.png", f"{address[len(scheme) + 1 :]}/b.png"))


# Other files that do something


def test_a_script_in_a_pdf_is_not_run(media):
    asset = media.upload("script.pdf", pdf_with_a_script())
    picture = media.picture(asset)
    for u, v in field_centres():
        assert_colour(picture, (int(u * WIDTH), int(v * HEIGHT)), map_colour(u, v), 4)
    assert_preview(media, asset, "webp")


def test_a_picture_with_the_name_of_another_kind(media):
    asset = media.upload("really a png.jpg", media_files.png())
    assert_colour(media.picture(asset), (120, 80), map_colour(0.5, 0.5), 4)
    assert_preview(media, asset, "webp")


# The limits themselves


def test_limits_are_settings(new_server):
    server = new_server(environment={"STOCKROOM_MEDIA_PIXELS": "1", "STOCKROOM_MEDIA_FRAMES": "20"})
    assert server.demo
    media = Media.of_server(server.start())
    small, large = (media.upload("a.png", encoded(gradient(*size), "png")) for size in ((990, 990), (1200, 1000)))
    assert media.picture(small, width=33).size == (33, 33)
    media.assert_refused(large, width=33)
    few, many = (media.upload("a.gif", gif_of(frames)) for frames in (19, 40))
    assert media.picture(few, type="gif").n_frames == 19
    media.assert_refused(many, type="gif")
