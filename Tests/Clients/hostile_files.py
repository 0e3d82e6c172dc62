"""Files that mean harm, or are broken: what a public server is sent sooner or later."""

import struct
import zlib
from functools import cache

import media_files
from media_files import HEIGHT, WIDTH, encoded, noise, png_chunk, png_of
from sample_files import HTML

MB = 1_000_000


def halved(content):
    return content[: len(content) // 2]


def compressed_zeros(count):
    """What inflates to so many zeros."""
    packer, piece = zlib.compressobj(), bytes(MB)
    parts = [packer.compress(piece) for _ in range(count // MB)]
    return b"".join((*parts, packer.compress(bytes(count % MB)), packer.flush()))


def jpg_that_claims(width, height):
    content = bytearray(media_files.jpg())
    at = 2
    while content[at + 1] not in (0xC0, 0xC1, 0xC2):  # the frame header
        at += 2 + struct.unpack_from(">H", content, at + 2)[0]
    struct.pack_into(">HH", content, at + 5, height, width)
    return bytes(content)


def png_that_claims(width, height):
    return png_of(width, height, 8, 2, zlib.compress(b"\0" + bytes(300)))


def png_flat(width, height):
    """Whole and valid, of one colour: a few hundred kilobytes, however large."""
    return png_of(width, height, 1, 0, compressed_zeros((width + 7) // 8 * height + height))


def png_with_a_long_text(length):
    text = png_chunk(b"zTXt", b"Comment\0\0" + compressed_zeros(length))
    rows = zlib.compress((b"\0" + b"\xc8\x1e\x1e" * WIDTH) * HEIGHT)
    return png_of(WIDTH, HEIGHT, 8, 2, rows, text)


def gif_of(frames):
    """As many frames of one pixel, in two colours by turns."""
    pictures = [
        b"\x21\xf9\x04\x00\x0a\x00\x00\x00"  # 100 ms
        b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00" + pixel
        for pixel in (b"\x02\x02\x44\x01\x00", b"\x02\x02\x4c\x01\x00")
    ]
    content = b"".join(pictures[number % 2] for number in range(frames))
    return b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xc8\x1e\x1e\xff\xff\xff" + content + b"\x3b"


# SVG. All are white where nothing hostile happens, and have a blue square, so that it can be seen that they were drawn.


def svg(content, *, before="", attributes="", size=(WIDTH, HEIGHT)):
    return (
        f'<?xml version="1.0"?>{before}<svg xmlns="http://www.w3.org/2000/svg"'
        f' xmlns:xlink="http://www.w3.org/1999/xlink" width="{size[0]}" height="{size[1]}"{attributes}>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/><rect width="20" height="20" fill="#00f"/>'
        f"{content}</svg>"
    ).encode()


def svg_plain():
    return svg("")


def svg_with_an_entity(address):
    """Shows what stands at the address in large black letters."""
    return svg(
        '<text x="0" y="100" font-size="60">&secret;</text>',
        before=f'<!DOCTYPE svg [<!ENTITY secret SYSTEM "{address}">]>',
    )


def svg_with_a_script():
    return svg(
        '<script>document.documentElement.innerHTML = \'&lt;rect width="240" height="160"/&gt;\'</script>',
        attributes=' onload="alert(1)"',
    )


def svg_with_images(*addresses):
    size = f'width="{WIDTH - 40}" height="{HEIGHT - 40}"'
    return svg(
        "".join(
            f'<image x="40" y="40" {size} href="{address}"/><image x="40" y="40" {size} xlink:href="{address}"/>'
            for address in addresses
        )
    )


def svg_that_calls(address):
    """Every way to fetch something from there."""
    return svg(
        f'<style>@import url("{address}/a.css"); @font-face {{ font-family: q; src: url("{address}/b.ttf") }}</style>'
        f'<image x="40" y="40" width="99" height="99" href="{address}/c.png"/>'
        f'<image x="40" y="40" width="99" height="99" xlink:href="{address}/d.png"/>'
        f'<use xlink:href="{address}/e.svg#x"/><text y="99" style="font-family: q; fill: #fff">q</text>'
        f'<rect x="40" y="40" width="9" height="9" style="fill: url({address}/f.svg#x) #fff"/>'
        f'<filter id="g"><feImage href="{address}/h.png"/></filter><rect x="99" y="99" width="9" height="9"'
        ' filter="url(#g)" fill="#fff"/>',
        before=f'<?xml-stylesheet href="{address}/i.css"?><!DOCTYPE svg SYSTEM "{address}/j.dtd">',
    )


def svg_of_billions():
    entities = '<!ENTITY a0 "quince">' + "".join(
        f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 11)
    )
    return svg('<text y="99">&a10;</text>', before=f"<!DOCTYPE svg [{entities}]>")


def svg_that_is_deep(levels=100_000):
    return svg("<g>" * levels + "</g>" * levels)


def pdf_with_a_script():
    actions = "/OpenAction<</S/JavaScript/JS(app.alert\\(1\\); this.submitForm\\('http://127.0.0.1:9/'\\))>>"
    return media_files.pdf(media_files.pdf_fields(), catalog=actions)


# What no server can show

BROKEN = {
    "half.jpg": lambda: halved(encoded(noise(), "jpg")),
    "half.png": lambda: halved(encoded(noise(), "png")),
    "half.gif": lambda: halved(encoded(noise(), "gif")),
    "half.webp": lambda: halved(encoded(noise(), "webp")),
    "half.pdf": lambda: halved(media_files.pdf_one_page())[:200],
    "text.jpg": lambda: b"This is no picture.\n" * 20,
    "page.png": lambda: HTML,
    "nothing.jpg": lambda: b"",
    "only a head.png": lambda: b"\x89PNG\r\n\x1a\n",
    "random.tiff": lambda: b"II*\0" + bytes(range(256)) * 4,
    "torn.svg": lambda: svg_plain()[:-20],
}

# What is, or pretends to be, more than anybody should have to decode

TOO_MUCH = {
    "claims.jpg": lambda: jpg_that_claims(65535, 65535),
    "claims.png": lambda: png_that_claims(65535, 65535),
    "bomb.png": cache(lambda: png_flat(30_000, 30_000)),
    "frames.gif": cache(lambda: gif_of(10_000)),
}

# What may be drawn or refused, but must not take the server along

DOUBTFUL = {
    "text bomb.png": cache(lambda: png_with_a_long_text(200 * MB)),
    "billions.svg": svg_of_billions,
    "deep.svg": svg_that_is_deep,
    "large.svg": lambda: svg("", size=(1_000_000, 1_000_000)),
}
