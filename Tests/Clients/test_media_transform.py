"""Transformed pictures: their pixels are held against an independent model; animations keep their frames."""

import itertools
import subprocess

import pytest
from PIL import ImageStat

import media_files
from media_client import Media, assert_colour, assert_placed, fetch
from media_files import FRAMES, HEIGHT, WIDTH, encoded, field_centres, gradient, map_colour, noise
from transform_model import plan

SIZE = (WIDTH, HEIGHT)
BACKGROUND = (18, 52, 86)
BG = "123456"

RESIZES = [
    {},
    {"width": 90},
    {"width": (150, 50)},
    {"width": (300, 200)},
    {"height": 64},
    {"height": (60, 80)},
    {"fit": (100, 100)},
    {"fit": (300, 170)},
    {"fill": (100, 100)},
    {"fill": (300, 120)},
]
CROPS = [{}, {"crop": (0.5, 0.75)}]
PADDINGS = [
    {},
    {"padding": (10, "auto", "auto", 20)},
    {"padding": (5, 6, 7, 8)},
    {"padding": ("auto", 30, 12, "auto")},
    {"padding": (0, 0, 0, 0)},
]
HOTSPOTS = [{}, {"hs": (0.25, 0.8)}, {"hs": (0, 0)}, {"hs": (1, 0.5)}]


@pytest.fixture(scope="module")
def media(calls):
    return Media(calls)


@pytest.fixture(scope="module")
def photo(media):
    return media.upload("photo.png", media_files.png())


def label(options):
    if not isinstance(options, dict):
        return None
    return " ".join(f"{name}={value}" for name, value in options.items()).replace("'", "") or "plain"


def crosswise():
    return [
        pytest.param({**resize, **crop, **padding}, id=label({**resize, **crop, **padding}))
        for resize, crop, padding in itertools.product(RESIZES, CROPS, PADDINGS)
    ]


@pytest.mark.parametrize("options", crosswise())
def test_each_pixel_comes_from_the_right_place(media, photo, options):
    for number, hotspot in enumerate(HOTSPOTS):
        dpr = {"dpr": 2} if number % 2 else {}
        wanted = {**options, **hotspot, **dpr}
        bg = {} if number == 0 else {"bg": BG}
        picture = media.picture(photo, **wanted, **bg)
        assert_placed(picture, plan(*SIZE, **wanted), SIZE, BACKGROUND if bg else (0, 0, 0, 0))


@pytest.mark.parametrize("hotspot", HOTSPOTS[1:], ids=label)
@pytest.mark.parametrize("crop", [(1, 1), (0.25, 0.25), (1, 0.5), (0.1, 0.1)])
def test_a_crop_stays_inside_of_the_source(media, photo, crop, hotspot):
    options = {"crop": crop, **hotspot}
    picture = media.picture(photo, **options)
    assert picture.size == (WIDTH * crop[0], HEIGHT * crop[1])
    assert_placed(picture, plan(*SIZE, **options), SIZE, None)


@pytest.mark.parametrize("dpr", [1, 2, 3, 4])
def test_dpr_multiplies_size_and_padding(media, photo, dpr):
    options = {"fit": (50, 40), "padding": (4, "auto", 4, 10), "dpr": dpr}
    picture = media.picture(photo, **options, bg=BG)
    assert picture.size == (50 * dpr, 40 * dpr)
    assert_placed(picture, plan(*SIZE, **options), SIZE, BACKGROUND)


@pytest.mark.parametrize(
    "options, size",
    [
        ({"width": 1000}, (1000, HEIGHT)),
        ({"height": 1000}, (WIDTH, 1000)),
        ({"fit": (1000, 1000)}, (1000, 1000)),
        ({"fill": (1000, 1000)}, (1000, 1000)),
        ({"dpr": 4}, SIZE),
        ({"crop": (0.5, 0.5), "fill": (400, 10)}, (400, 10)),
    ],
    ids=label,
)
def test_nothing_is_scaled_up(media, photo, options, size):
    """The canvas may be larger than the picture, which then lies on it as it is."""
    picture = media.picture(photo, **options, bg=BG)
    assert picture.size == size and plan(*SIZE, **options).scale == 1
    assert_placed(picture, plan(*SIZE, **options), SIZE, BACKGROUND)


@pytest.mark.parametrize("kind", ["jpg", "png", "gif", "webp", "avif"])
@pytest.mark.parametrize("options", [{"fit": (120, 120), "hs": (0.1, 0.1)}, {"fill": (90, 90), "dpr": 2}], ids=label)
def test_each_type_has_the_same_geometry(media, photo, kind, options):
    picture = media.picture(photo, **options, type=kind, q=100, bg=BG)
    if kind == "gif":
        # A table of 256 colours shows the map with dots: what counts is the mean around each place.
        placed = plan(*SIZE, **options)
        rgb = picture.convert("RGB")
        for x, y in itertools.product(placed.x.samples(), placed.y.samples()):
            box = (x - 4, y - 4, x + 5, y + 5)
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= rgb.width and box[3] <= rgb.height
            place = placed.source(x, y)
            if inside and place and min(placed.x.distance_to_edge(x), placed.y.distance_to_edge(y)) > 6:
                expected = map_colour(place[0] / WIDTH, place[1] / HEIGHT)
                mean = ImageStat.Stat(rgb.crop(box)).mean
                assert all(abs(value - wanted) < 18 for value, wanted in zip(mean, expected, strict=True)), (x, y, mean)
    else:
        assert_placed(picture, plan(*SIZE, **options), SIZE, BACKGROUND, tolerance=2 if kind == "png" else 8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_comes_first(media, orientation):
    asset = media.upload(f"turned {orientation}.jpg", media_files.jpg(orientation))
    for options in ({}, {"width": 60}, {"crop": (0.5, 0.5), "hs": (1, 0)}, {"fill": (100, 40), "hs": (0, 1)}):
        picture = media.picture(asset, **options, type="png")
        # The source has flat fields of 20 pixels.
        assert_placed(picture, plan(*SIZE, **options), SIZE, None, tolerance=14)
    picture = media.picture(asset)
    assert picture.size == SIZE and picture.getexif().get(0x0112, 1) == 1, "it would be turned twice"


@pytest.mark.parametrize("name", media_files.every_kind())
def test_each_kind_of_source(media, name):
    asset = media.upload(name, media_files.every_kind()[name])
    default = {"jpeg": "jpg", "svg": "png", "pdf": "png", "tiff": "png", "bmp": "png"}
    ending = name.rpartition(".")[2]
    for options, scale in (({}, 1), ({"width": WIDTH // 2, "type": "png"}, 2)):
        result = media.transform(asset, **options)
        assert result["format"] == ("png" if scale == 2 else default.get(ending, ending))
        picture = media.downloaded(result).convert("RGBA")
        assert picture.size == (WIDTH // scale, HEIGHT // scale)
        for u, v in field_centres():
            assert_colour(picture, (int(u * picture.width), int(v * picture.height)), map_colour(u, v), 10)


def test_vectors_are_drawn_as_large_as_they_are(media):
    for asset in (media.upload("a.svg", media_files.svg(30, 20)), media.upload("a.pdf", media_files.pdf_one_page())):
        size = (30, 20) if asset["name"] == "a.svg" else SIZE
        assert media.picture(asset, width=(400, 300)).size == (400, 300)
        assert media.picture(asset).size == size


def test_the_first_page_is_shown(media):
    asset = media.upload("pages.pdf", media_files.pdf(*map(media_files.pdf_flat, ((255, 0, 0), (0, 255, 0)))))
    assert_colour(media.picture(asset), (120, 80), (255, 0, 0))


def test_inks_become_lights(media):
    """How an ink looks is for a profile to say; but light stays light, and the map stays the right way round."""
    asset = media.upload("inks.jpg", media_files.jpg_cmyk())
    for kind in ("jpg", "png", "webp"):
        picture = media.picture(asset, type=kind)
        assert picture.mode in ("RGB", "RGBA") and picture.size == SIZE
        red, green = ([picture.convert("RGB").getpixel(at)[band] for at in ((10, 10), (230, 150))] for band in (0, 1))
        assert red[0] + 60 < red[1] and green[0] + 60 < green[1], (red, green)


def test_a_frame_of_a_film(media, tmp_path):
    film = tmp_path / "film.mp4"
    source = ["-f", "lavfi", "-i", "color=0x0000ff:size=240x160:rate=10:duration=3", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", *source, "-c:v", "mpeg4", film], check=True, timeout=120)
    asset = media.upload("film.mp4", film.read_bytes())
    result = media.transform(asset, width=120)
    assert (result["format"], result["width"], result["height"]) == ("jpg", 120, 80)
    assert_colour(media.downloaded(result), (60, 40), (0, 0, 255), 12)


# Several frames


def frames(picture):
    """(milliseconds, picture) of each frame."""
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        picture.load()
        yield picture.info.get("duration"), picture.convert("RGBA")


@pytest.mark.parametrize("source, kind", itertools.product(["gif", "webp"], ["gif", "webp"]))
@pytest.mark.parametrize("options", [{}, {"width": 30}, {"fit": (60, 60)}, {"crop": (0.5, 1), "hs": (0, 0)}], ids=label)
def test_animations_keep_frames_and_delays(media, source, kind, options):
    asset = media.upload(f"moving.{source}", media_files.animated(source))
    picture = media.picture(asset, **options, type=kind, bg=BG)
    placed = plan(60, 40, **options)
    assert picture.size == placed.size and picture.is_animated and picture.n_frames == len(FRAMES)
    assert picture.info["loop"] == 0, "for ever, as before"
    for (delay, frame), (colour, wanted_delay) in zip(frames(picture), FRAMES, strict=True):
        assert delay == wanted_delay
        for x, y in itertools.product(placed.x.samples(), placed.y.samples()):
            place = placed.source(x, y)
            if min(placed.x.distance_to_edge(x), placed.y.distance_to_edge(y)) < 3 or place and abs(place[0] - 30) < 6:
                continue
            expected = BACKGROUND if place is None else colour if place[0] < 30 else (255, 255, 255)
            assert_colour(frame, (x, y), expected, 12)


@pytest.mark.parametrize("source", ["gif", "webp"])
@pytest.mark.parametrize("kind", ["png", "jpg", "avif"])
def test_other_types_show_the_first_frame(media, source, kind):
    asset = media.upload(f"moving.{source}", media_files.animated(source))
    picture = media.picture(asset, type=kind)
    assert picture.size == (60, 40) and getattr(picture, "n_frames", 1) == 1
    assert_colour(picture, (10, 20), FRAMES[0][0], 8)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_keeps_its_type_by_default(media, kind):
    result = media.transform(media.upload(f"moving.{kind}", media_files.animated(kind)), width=30)
    assert result["format"] == kind and media.downloaded(result).n_frames == len(FRAMES)


# Quality and compression


@pytest.mark.parametrize("kind", ["jpg", "webp", "avif"])
def test_a_lower_quality_is_a_smaller_file(media, kind):
    asset = media.upload("noise.png", encoded(noise(), "png"))
    sizes = [media.transform(asset, type=kind, q=quality)["filesize"] for quality in (0, 20, 60, 100)]
    assert sizes == sorted(set(sizes))
    default = media.transform(asset, type=kind)["filesize"]
    assert default == media.transform(asset, type=kind, q=100 if kind == "jpg" else 82)["filesize"]


def test_optimize_changes_no_pixel_of_a_png(media, photo):
    plain, optimized = (media.transform(photo, width=100, optimize=value) for value in ("false", "true"))
    assert optimized["filesize"] <= plain["filesize"]
    pictures = [media.downloaded(result).convert("RGBA") for result in (plain, optimized)]
    assert pictures[0].tobytes() == pictures[1].tobytes()


@pytest.mark.parametrize("kind", ["jpg", "gif", "webp", "avif"])
def test_optimize_keeps_the_picture(media, photo, kind):
    plain, optimized = (media.downloaded(media.transform(photo, type=kind, optimize=value)) for value in (False, True))
    assert plain.size == optimized.size == SIZE
    for at in ((20, 20), (120, 80), (220, 140)):
        assert_colour(optimized, at, plain.convert("RGB").getpixel(at), 40)


def test_a_large_picture(media):
    size = (5000, 2000)
    asset = media.upload("large.png", encoded(gradient(*size), "png"))
    options = {"fill": (500, 500), "hs": (0.8, 0.5)}
    assert_placed(media.picture(asset, **options), plan(*size, **options), size, None)
    result = media.transform(asset, type="jpg")
    assert (result["width"], result["height"]) == size
    assert len(fetch(result["public_url"]).content) == result["filesize"]
