"""What each option of a transform may be, which file it makes, and when a file is made again."""

import itertools
import re

import pytest
from PIL import Image

import media_files
from media_client import Media, assert_colour, fetch, file_name
from media_files import HEIGHT, WIDTH, encoded, gradient, map_colour

SIZE = (WIDTH, HEIGHT)


@pytest.fixture(scope="module")
def media(calls):
    return Media(calls)


@pytest.fixture(scope="module")
def photo(media):
    return media.upload("photo.png", media_files.png())


@pytest.fixture
def fresh(media):
    """A file of the test's own, of which no picture exists."""
    return media.upload("photo.png", media_files.png())


# Values


@pytest.mark.parametrize(
    "given, same_as",
    [
        ({"width": 0}, {"width": 1}),
        ({"width": -7}, {"width": 1}),
        ({"width": 99999}, {"width": 5000}),
        ({"height": 0}, {"height": 1}),
        ({"height": 99999}, {"height": 5000}),
        ({"fit": (0, 50)}, {"fit": (1, 50)}),
        ({"fill": (99999, 50)}, {"fill": (5000, 50)}),
        ({"width": (60, 0)}, {"width": (60, 1)}),
        ({"width": 10, "dpr": 9}, {"width": 10, "dpr": 4}),
        ({"width": 10, "dpr": 0}, {"width": 10, "dpr": 1}),
        ({"crop": (0.5, 0.5), "hs": (-1, 2)}, {"crop": (0.5, 0.5), "hs": (0, 1)}),
        ({"crop": (2, 0.5)}, {"crop": (1, 0.5)}),
        ({"fit": (300, 1500), "padding": (5000, 0, 0, 0)}, {"fit": (300, 1500), "padding": (1000, 0, 0, 0)}),
        ({"fit": (300, 300), "padding": (-5, 0, 0, 0)}, {"fit": (300, 300), "padding": (0, 0, 0, 0)}),
        ({"type": "jpg", "q": 200}, {"type": "jpg", "q": 100}),
        ({"type": "jpg", "q": -5}, {"type": "jpg", "q": 0}),
    ],
    ids=str,
)
def test_what_is_out_of_range_is_moved_into_it(media, photo, given, same_as):
    moved, proper = (media.picture(photo, **options, bg="ffffff") for options in (given, same_as))
    assert moved.size == proper.size
    assert moved.convert("RGB").tobytes() == proper.convert("RGB").tobytes()


@pytest.mark.parametrize("options", [{"crop": (0, 0)}, {"width": 1}, {"height": 1}, {"fit": (1, 1)}, {"fill": (1, 1)}])
def test_the_smallest_pictures(media, photo, options):
    picture = media.picture(photo, **options)
    assert picture.width >= 1 and picture.height >= 1


def test_padding_that_leaves_no_room_shows_the_background_alone(media, photo):
    for padding in ((1000, 0, 0, 0), (60, 60, 60, 60), (0, 99, 0, 99)):
        picture = media.picture(photo, fit=(100, 80), padding=padding, bg="123456")
        assert picture.size == (100, 80) and picture.convert("RGB").getcolors() == [(8000, (18, 52, 86))]


def test_fractions_of_pixels_in_the_padding(media, photo):
    """The client rounds sizes, but no padding."""
    picture = media.picture(photo, fit=(100, 80), padding=(10.5, "auto", "auto", 3.25), bg="123456")
    assert picture.size == (100, 80)
    assert_colour(picture, (50, 5), (18, 52, 86))


@pytest.mark.parametrize(
    "name, values",
    {
        "width": ["", "wide", "10,", "10,20,30", ",10", "NaN"],
        "height": ["", "high", "1,2,3"],
        "fit": ["", "100", "100,", "a,b", "1,2,3"],
        "fill": ["", "100", "100,x"],
        "hs": ["", "0.5", "left,top", "0.1,0.2,0.3", "nan,0.5"],
        "crop": ["", "0.5", "half,half", "0.1,0.2,0.3"],
        "padding": ["", "10", "1,2,3", "1,2,3,4,5", "auto", "1,2,3,wide", "1,2,3,"],
        "q": ["", "best", "80,90"],
        "bg": ["", "red", "12345", "1234567", "12345g", "0x1234"],
        "dpr": ["", "two", "1,2"],
        "type": ["", "tiff", "svg", "exe", "jpg,png"],
        "force": ["", "2", "maybe"],
        "optimize": ["", "2", "maybe"],
        "name": ["a/b", "/", "a\0b", "a\nb"],
        "key": ["a/b", "a\x7fb", "a\rb"],
        "colour": ["red"],
        "Width": ["100"],
    }.items(),
)
def test_what_cannot_be_read_is_named(media, photo, name, values):
    for value in values:
        media.assert_wrong(photo, name, **{name: value})


@pytest.mark.parametrize(
    "path, parameter",
    [
        ("/width=10/width=20", "width"),
        ("/key=a/key=a", "key"),
        ("/width=10/height=20", None),
        ("/fit=10,10/fill=20,20", None),
        ("/name=a/b", None),
        ("/width", None),
        ("/=10", None),
        ("/width=10/true", None),
    ],
)
def test_what_stands_twice_or_has_no_value(media, photo, path, parameter):
    media.assert_wrong_path(photo, path, parameter)


def test_wrong_options_make_nothing(media, server, fresh):
    media.assert_wrong(fresh, "q", q="best")
    media.assert_wrong(fresh, "width", width="wide")
    assert media.renditions(server, fresh) == []


@pytest.mark.parametrize("yes, no", [("true", "false"), ("True", "False"), ("TRUE", "FALSE")])
def test_truth_is_written_in_any_case(media, photo, yes, no):
    first = media.transform(photo, key="truth", width=10)
    assert media.transform(photo, key="truth", width=12, force=no) == first
    assert media.transform(photo, key="truth", width=14, force=yes, optimize=yes)["width"] == 14
    media.transform(photo, key="truth", width=10, force=yes, optimize=no)


# Types


def test_jpeg_is_jpg(media, photo):
    result = media.transform(photo, type="jpeg", width=20)
    assert result["format"] == "jpg" and result["public_url"].endswith(".jpg")
    assert media.transform(media.upload("Photo.JPEG", media_files.jpg()))["format"] == "jpg"


@pytest.mark.parametrize(
    "accept, kind",
    [
        ("image/avif,image/webp,image/apng,*/*;q=0.8", "avif"),
        ("image/webp,*/*", "webp"),
        ("image/webp, image/avif", "avif"),
        ("IMAGE/WEBP", "webp"),
        ("image/avif;q=0, image/webp", "webp"),
        ("*/*", "png"),
        ("image/*", "png"),
        ("text/html", "png"),
    ],
)
def test_type_auto_follows_what_is_accepted(media, photo, accept, kind):
    result = media.transform(photo, type="auto", width=40, headers={"Accept": accept})
    assert result["format"] == kind and result["public_url"].endswith(f".{kind}")
    assert media.downloaded(result).size == (40, 27)


def test_the_source_s_type_counts_not_its_name(media):
    for name, content, kind in (
        ("really a png.jpg", media_files.png(), "png"),
        ("really a jpg.png", media_files.jpg(), "jpg"),
        ("without ending", media_files.png(), "png"),
    ):
        asset = media.upload(name, content)
        result = media.transform(asset)
        assert result["format"] == kind and media.downloaded(result).size == SIZE


def test_a_storage_name_needs_no_extension(media, photo):
    plain = media.transform(photo, width=31)
    for storage in (f"{photo['gid']}~1", f"{photo['gid']}~1.JPG", f"{photo['gid']}~1.tar.gz"):
        assert media.transform(storage, width=31) == plain


# Transparency

ABOVE, LEFT, RIGHT = (60, 40), (60, 120), (180, 120)  # opaque, half transparent, nothing


@pytest.fixture(scope="module")
def glass(media):
    return media.upload("glass.png", media_files.png_alpha())


def over(background, at, alpha):
    colour = map_colour((at[0] + 0.5) / WIDTH, (at[1] + 0.5) / HEIGHT)
    return tuple(value * alpha + below * (1 - alpha) for value, below in zip(colour, background, strict=True))


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
@pytest.mark.parametrize("bg", [{}, {"bg": "transparent"}])
def test_transparency_stays(media, glass, kind, bg):
    picture = media.picture(glass, type=kind, q=100, **bg)
    for at, alpha in ((ABOVE, 255), (LEFT, 128), (RIGHT, 0)):
        assert_colour(picture, at, (*over((0, 0, 0), at, 1), alpha), 8)


def test_gif_has_full_transparency_only(media, glass):
    picture = media.picture(glass, type="gif").convert("RGBA")
    assert picture.getpixel(ABOVE)[3] == 255 and picture.getpixel(RIGHT)[3] == 0
    assert picture.getpixel(LEFT)[3] in (0, 255)


@pytest.mark.parametrize("bg", [{}, {"bg": "transparent"}, {"bg": "white"}])
def test_jpg_is_white_where_nothing_is(media, glass, bg):
    picture = media.picture(glass, type="jpg", **bg)
    assert picture.mode == "RGB"
    for at, alpha in ((ABOVE, 1), (LEFT, 128 / 255), (RIGHT, 0)):
        assert_colour(picture, at, over((255, 255, 255), at, alpha), 8)


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "avif"])
@pytest.mark.parametrize("bg, colour", [("ff8000", (255, 128, 0)), ("FF8000", (255, 128, 0)), ("white", (255,) * 3)])
def test_a_background_fills_transparency_and_padding(media, glass, kind, bg, colour):
    picture = media.picture(glass, type=kind, q=100, bg=bg, fit=(300, 160), padding=(0, 0, 0, 60))
    for at, alpha in ((ABOVE, 1), (LEFT, 128 / 255), (RIGHT, 0)):
        assert_colour(picture, (at[0] + 60, at[1]), over(colour, at, alpha), 8)
    assert_colour(picture, (20, 80), colour, 8)


def test_what_is_transparent_gives_no_dark_rims(media):
    """Colour that is hidden must not shine through where pixels are mixed."""
    image = gradient().convert("RGBA")
    image.paste((255, 255, 255, 255), (0, 0, WIDTH, HEIGHT))
    image.paste((0, 0, 0, 0), (WIDTH // 2 + 1, 0, WIDTH, HEIGHT))
    picture = media.picture(media.upload("rim.png", encoded(image, "png")), width=60).convert("RGBA")
    seen = [pixel[:3] for x in range(60) if (pixel := picture.getpixel((x, 20)))[3] > 40]
    assert len(seen) >= 29 and all(min(colour) > 235 for colour in seen), seen


# Names and identity


@pytest.mark.parametrize("name", ["quince", "Grüße 文 1", "a@b", "x", "100%", "a+b & c", "..", "q?#", "n" * 150])
def test_names(media, photo, name):
    result = media.transform(photo, name=name, key="2x", width=20)
    assert file_name(result["public_url"]) == f"{name}@2x.png" == file_name(result["versioned_url"])
    assert result["public_url"].startswith(f"{media.url}/media/p-{media.gid}/t/")
    assert result["public_url"].isascii(), "an address, as it can be put on a page"
    assert media.downloaded(result).width == 20


@pytest.mark.parametrize("key", ["2x", "xfbb441d", "x", "große Taste", "a@b", "-", "1.5"])
def test_keys(media, photo, key):
    result = media.transform(photo, key=key, width=20)
    assert file_name(result["public_url"]) == f"{photo['gid']}@{key}.png"
    assert media.downloaded(result).width == 20


def test_without_a_name_and_key(media, fresh):
    plain = media.transform(fresh)
    assert re.fullmatch(f"{fresh['gid']}@[0-9a-f]{{8}}\\.png", file_name(plain["public_url"]))
    assert re.fullmatch(r"[^?]+\?v=[0-9a-f]{12}", plain["versioned_url"])
    assert plain["versioned_url"].startswith(plain["public_url"])
    one, other = media.transform(fresh, width=20, q=50), media.transform(fresh, q=50, width=20)
    assert one == other, "the order counts for nothing"
    more = [media.transform(fresh, width=width) for width in (20, 21, 22)]
    urls = [result["public_url"] for result in (plain, one, *more)]
    assert len(set(urls)) == 5
    assert re.fullmatch("quince@[0-9a-f]{8}\\.png", file_name(media.transform(fresh, name="quince")["public_url"]))


def test_name_key_and_type_are_the_identity(media, server, fresh):
    first = media.transform(fresh, name="same", key="k", width=20)
    before = fetch(first["public_url"]).content
    for options in ({"width": 30}, {"height": 5, "bg": "ff0000"}, {"width": 20}, {}, {"force": "false", "width": 40}):
        assert media.transform(fresh, name="same", key="k", **options) == first
    assert fetch(first["public_url"]).content == before

    forced = media.transform(fresh, name="same", key="k", width=30, force="true")
    assert forced["public_url"] == first["public_url"] and forced["versioned_url"] != first["versioned_url"]
    assert media.downloaded(forced).width == 30
    assert fetch(first["versioned_url"]).status_code == 404, "those bytes are not there any more"
    assert media.transform(fresh, name="same", key="k", width=20) == forced

    others = [media.transform(fresh, name="same", key="k", width=20, type="webp")]
    others += [media.transform(fresh, name="same", key="j"), media.transform(fresh, name="other", key="k")]
    assert len({result["public_url"] for result in [forced, *others]}) == 4
    assert len(media.renditions(server, fresh)) == 4


def test_new_bytes_of_the_source_are_drawn_anew(media, fresh):
    options = {"name": "anew", "key": "k", "width": 20}
    old = media.transform(fresh, **options)
    replaced = encoded(gradient().rotate(180), "png")
    newer = media.update(fresh, replaced)
    assert newer["version"] > fresh["version"]
    new = media.transform(newer, **options)
    assert new["public_url"] == old["public_url"] and new["versioned_url"] != old["versioned_url"]
    picture = media.downloaded(new)
    assert_colour(picture, (2, 2), map_colour(1 - 2.5 / 20, 1 - 2.5 / 13), 20)

    # An older version, which is kept, changes nothing about what the newer one made.
    assert media.transform(fresh, **options) == new
    by_force = media.transform(fresh, **options, force="true")
    assert by_force["versioned_url"] != new["versioned_url"]
    assert_colour(media.downloaded(by_force), (2, 2), map_colour(2.5 / 20, 2.5 / 13), 20)


def test_two_files_with_one_name_keep_their_own_pictures(media):
    colours = {"red.png": (255, 0, 0), "green.png": (0, 255, 0), "blue.png": (0, 0, 255)}
    assets = {name: media.upload(name, encoded(Image.new("RGB", SIZE, of), "png")) for name, of in colours.items()}
    results = {name: media.transform(asset, name="cover", key="1", width=8) for name, asset in assets.items()}
    again = {name: media.transform(asset, name="cover", key="1", width=8) for name, asset in assets.items()}
    assert again == results
    assert len({result["public_url"] for result in results.values()}) == 3
    assert {file_name(result["public_url"]) for result in results.values()} == {"cover@1.png"}
    assert results["green.png"]["public_url"].endswith(f"/t/{assets['green.png']['gid']}/cover@1.png")
    for name, result in results.items():
        assert_colour(media.downloaded(result), (4, 2), colours[name])
    media.result("unpublish", assets["red.png"])
    assert fetch(results["red.png"]["public_url"]).status_code == 404
    assert_colour(media.downloaded(results["blue.png"]), (4, 2), colours["blue.png"])


def test_every_option_together(media, photo):
    options = {
        "name": "all of them",
        "key": "all",
        "type": "jpg",
        "force": "true",
        "optimize": "true",
        "fit": (100, 100),
        "hs": (0.25, 0.75),
        "crop": (0.5, 0.5),
        "padding": (10, "auto", 10, "auto"),
        "bg": "ff8000",
        "q": 90,
        "dpr": 2,
    }
    results = []
    for shuffled in itertools.islice(itertools.permutations(options), 0, 100_000, 33_333):
        results.append(media.transform(photo, **{name: options[name] for name in shuffled}))
        picture = media.downloaded(results[-1])
        assert picture.size == (200, 200) and file_name(results[-1]["public_url"]) == "all of them@all.jpg"
        assert_colour(picture, (100, 8), (255, 128, 0), 8)
        assert_colour(picture, (100, 100), map_colour(0.25, 0.75), 8)
    assert len(results) == 4
