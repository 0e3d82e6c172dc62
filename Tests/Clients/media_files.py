"""Pictures and documents for the media tests, all made by script. Hostile ones are in hostile_files.py.

Most show a map: red grows from left to right, green from top to bottom, blue is 128. So a pixel of a result tells from
which place of the source it came. `blocks` is the map in flat fields, for formats that change smooth colours.
"""

import io
import struct
import zlib
from functools import cache

from PIL import ExifTags, Image

WIDTH, HEIGHT = 240, 160
COLUMNS, ROWS = 12, 8
FRAMES = [((255, 0, 0), 100), ((0, 255, 0), 200), ((0, 0, 255), 300)]  # colour, milliseconds

CAMERA = "Quince Camera 3000"
CAPTION = "A quince on a table"
CREATOR = "Jo Quince"


def map_colour(u, v):
    """The colour of the map at a place, as fractions of width and height."""
    return 255 * u, 255 * v, 128


def field_centres():
    """The middle of each field of `blocks`, where it has the colour of the map."""
    return [((column + 0.5) / COLUMNS, (row + 0.5) / ROWS) for column in range(COLUMNS) for row in range(ROWS)]


def _fields():
    for u, v in field_centres():
        yield u, v, tuple(round(value) for value in map_colour(u, v))


@cache
def gradient(width=WIDTH, height=HEIGHT):
    red = Image.frombytes("L", (width, 1), bytes(round(map_colour((x + 0.5) / width, 0)[0]) for x in range(width)))
    green = Image.frombytes("L", (1, height), bytes(round(map_colour(0, (y + 0.5) / height)[1]) for y in range(height)))
    blue = Image.new("L", (width, height), 128)
    return Image.merge("RGB", (red.resize((width, height)), green.resize((width, height)), blue))


@cache
def blocks(width=WIDTH, height=HEIGHT):
    small = Image.new("RGB", (COLUMNS, ROWS))
    for u, v, colour in _fields():
        small.putpixel((int(u * COLUMNS), int(v * ROWS)), colour)
    return small.resize((width, height), Image.Resampling.NEAREST)


@cache
def noise(width=WIDTH, height=HEIGHT):
    """What no format compresses well."""
    return Image.effect_noise((width, height), 60).convert("RGB")


def encoded(image, kind, **options):
    """The bytes of a file. Formats that can keep the pixels as they are do so."""
    lossless = {
        "jpg": {"quality": 98, "subsampling": 0},
        "webp": {"lossless": True},
        "avif": {"quality": 100, "subsampling": "4:4:4"},
    }
    buffer = io.BytesIO()
    image.save(buffer, {"jpg": "JPEG"}.get(kind, kind.upper()), **{**lossless.get(kind, {}), **options})
    return buffer.getvalue()


def decoded(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


# Pictures of one frame


@cache
def png():
    return encoded(gradient(), "png")


@cache
def png_alpha():
    """The map: its upper half opaque, below that half transparent on the left, and not there on the right."""
    image = gradient().convert("RGBA")
    alpha = Image.new("L", image.size, 255)
    alpha.paste(128, (0, HEIGHT // 2, WIDTH // 2, HEIGHT))
    alpha.paste(0, (WIDTH // 2, HEIGHT // 2, WIDTH, HEIGHT))
    image.putalpha(alpha)
    return encoded(image, "png")


@cache
def palette():
    return blocks().convert("P", palette=Image.Palette.ADAPTIVE, colors=COLUMNS * ROWS)


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width, height, bits, colour_type, compressed, *more):
    """A PNG by hand, of rows that are compressed already."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + png_chunk(b"IDAT", compressed) + png_chunk(b"IEND", b"")


@cache
def png_16bit():
    pixels = blocks().load()
    rows = b"".join(
        b"\0" + b"".join(struct.pack(">HHH", *(value * 257 for value in pixels[x, y])) for x in range(WIDTH))
        for y in range(HEIGHT)
    )
    return png_of(WIDTH, HEIGHT, 16, 2, zlib.compress(rows))


# What must be done to an upright picture, so that the orientation of its EXIF data makes it upright again.
_TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@cache
def jpg(orientation=1):
    """The map, upright when its EXIF orientation is heeded."""
    turn = _TURNS[orientation]
    image = blocks() if turn is None else blocks().transpose(turn)
    exif = Image.Exif()
    if orientation != 1:
        exif[ExifTags.Base.Orientation] = orientation
    return encoded(image, "jpg", exif=exif, dpi=(200, 200))


def jpg_with_texts(image=None):
    """A photo as cameras and archives make it: the camera in EXIF, a caption in IPTC, the author in XMP."""
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = CAMERA
    content = encoded(image or blocks(), "jpg", exif=exif)
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator><rdf:Seq>'
        f"<rdf:li>{CREATOR}</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    record = struct.pack(">BBBH", 0x1C, 2, 120, len(CAPTION)) + CAPTION.encode()
    resource = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(record)) + record + b"\0" * (len(record) % 2)
    segments = [(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet), (0xED, b"Photoshop 3.0\0" + resource)]
    added = b"".join(struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data for marker, data in segments)
    end_of_exif = 2
    while content[end_of_exif + 1] in (0xE0, 0xE1):
        end_of_exif += 2 + struct.unpack_from(">H", content, end_of_exif + 2)[0]
    return content[:end_of_exif] + added + content[end_of_exif:]


@cache
def jpg_cmyk():
    return encoded(blocks().convert("CMYK"), "jpg")


@cache
def svg(width=WIDTH, height=HEIGHT):
    fields = "".join(
        f'<rect x="{u * width - width / COLUMNS / 2:g}" y="{v * height - height / ROWS / 2:g}"'
        f' width="{width / COLUMNS:g}" height="{height / ROWS:g}" fill="rgb{colour}"/>'
        for u, v, colour in _fields()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' shape-rendering="crispEdges"><title>{CAPTION}</title>{fields}</svg>'
    ).encode()


# Pictures of several frames


def _frames():
    """Each frame: its colour on the left, white on the right."""
    images = []
    for colour, _ in FRAMES:
        image = Image.new("RGB", (60, 40), "white")
        image.paste(colour, (0, 0, 30, 40))
        images.append(image)
    return images


@cache
def animated(kind):
    first, *more = _frames()
    delays = [milliseconds for _, milliseconds in FRAMES]
    return encoded(first, kind, save_all=True, append_images=more, duration=delays, loop=0)


# Documents


def pdf(*pages, width=57.6, height=38.4, catalog=""):
    """A document; each page is its drawing commands, in points from the lower left corner."""
    objects = {1: f"<</Type/Catalog/Pages 2 0 R{catalog}>>"}
    kids = []
    for number, commands in enumerate(pages):
        page, content = 3 + 2 * number, 4 + 2 * number
        kids.append(f"{page} 0 R")
        box = f"/MediaBox[0 0 {width:g} {height:g}]"
        objects[page] = f"<</Type/Page/Parent 2 0 R{box}/Resources<<>>/Contents {content} 0 R>>"
        objects[content] = f"<</Length {len(commands)}>>stream\n{commands}\nendstream"
    objects[2] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>"
    text, table = "%PDF-1.4\n", "0000000000 65535 f \n"
    for number in sorted(objects):
        table += f"{len(text):010} 00000 n \n"
        text += f"{number} 0 obj\n{objects[number]}\nendobj\n"
    count = len(objects) + 1
    return (
        text + f"xref\n0 {count}\n{table}trailer\n<</Size {count}/Root 1 0 R>>\nstartxref\n{len(text)}\n%%EOF\n"
    ).encode()


def pdf_fields(width=57.6, height=38.4):
    """The map as drawing commands. 57.6 × 38.4 points are 240 × 160 pixels at 300 dpi."""
    return "\n".join(
        f"{red / 255:.4f} {green / 255:.4f} {blue / 255:.4f} rg "
        f"{u * width - width / COLUMNS / 2:.3f} {(1 - v) * height - height / ROWS / 2:.3f} "
        f"{width / COLUMNS:.3f} {height / ROWS:.3f} re f"
        for u, v, (red, green, blue) in _fields()
    )


def pdf_flat(colour, width=57.6, height=38.4):
    red, green, blue = (value / 255 for value in colour)
    return f"{red:.4f} {green:.4f} {blue:.4f} rg 0 0 {width:g} {height:g} re f"


@cache
def pdf_one_page():
    return pdf(pdf_fields())


@cache
def pdf_two_pages():
    return pdf(pdf_fields(), pdf_flat((255, 0, 0)))


# One of each, all with the map


@cache
def every_kind():
    """{file name: bytes} of everything that a picture can be made of without a program of its own."""
    return {
        "map.png": encoded(blocks(), "png"),
        "palette.png": encoded(palette(), "png"),
        "deep.png": png_16bit(),
        "map.jpg": jpg(),
        "turned.jpeg": jpg(6),
        "still.gif": encoded(palette(), "gif"),
        "still.webp": encoded(blocks(), "webp"),
        "map.avif": encoded(blocks(), "avif"),
        "map.tiff": encoded(blocks(), "tiff"),
        "map.bmp": encoded(blocks(), "bmp"),
        "map.svg": svg(),
        "one page.pdf": pdf_one_page(),
        "two pages.pdf": pdf_two_pages(),
    }
