"""Where each pixel of a transformed picture comes from, by the text of the reference (11.4).

Pure arithmetic on fractions of pixels. Where a program has to round, it may be off by one pixel from this.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """One direction: the image lies on the canvas at `start`, and is seen from `low` to `high`."""

    canvas: int
    start: float
    length: float
    low: float
    high: float
    source_start: float
    scale: float

    def source(self, pixel):
        """The place in the source under the middle of this pixel, or None for the background."""
        place = pixel + 0.5
        if not self.low <= place < self.high:
            return None
        return self.source_start + (place - self.start) / self.scale

    def distance_to_edge(self, pixel):
        """From the middle of the pixel to where image and background meet."""
        edges = [edge for edge in (self.low, self.high) if 0 < edge < self.canvas]
        return min((abs(pixel + 0.5 - edge) for edge in edges), default=math.inf)

    def samples(self):
        """Pixels all over the canvas, and on both sides of each edge of the image."""
        even = [round((self.canvas - 1) * step / 6) for step in range(7)]
        at_edges = [int(edge) + step for edge in (self.low, self.high) for step in (-4, 3)]
        return sorted({pixel for pixel in even + at_edges if 0 <= pixel < self.canvas})


@dataclass(frozen=True)
class Plan:
    x: Axis
    y: Axis
    scale: float

    @property
    def size(self):
        return self.x.canvas, self.y.canvas

    def source(self, x, y):
        u, v = self.x.source(x), self.y.source(y)
        return None if u is None or v is None else (u, v)


def plan(
    source_width,
    source_height,
    *,
    width=None,
    height=None,
    fit=None,
    fill=None,
    crop=None,
    hs=(0.5, 0.5),
    padding=("auto",) * 4,
    dpr=1,
):
    """`width`, `height`: a number, or a pair of both; `fit`, `fill`: a pair. Padding: top, right, bottom, left."""
    left, top, area_width, area_height = _cropped(source_width, source_height, crop, hs)
    to_wide, to_high = _canvas(width, height, fit, fill)
    across = to_wide and to_wide * dpr / area_width
    down = to_high and to_high * dpr / area_height
    if width is not None:
        scale = across
    elif height is not None:
        scale = down
    elif fit is not None:
        scale = min(across, down)
    elif fill is not None:
        scale = max(across, down)
    else:
        scale = 1
    scale = min(1, scale)
    above, right, below, before = (side if side == "auto" else side * dpr for side in padding)
    return Plan(
        _axis(to_wide and to_wide * dpr, source_width * hs[0], left, area_width, scale, before, right),
        _axis(to_high and to_high * dpr, source_height * hs[1], top, area_height, scale, above, below),
        scale,
    )


def _canvas(width, height, fit, fill):
    """The wanted size in logical pixels; None is left open."""
    for pair in (width, height, fit, fill):
        if isinstance(pair, tuple):
            return pair
    return width, height


def _cropped(width, height, crop, hotspot):
    """The area that is kept: around the hotspot, as far as the source reaches."""
    if crop is None:
        return 0, 0, width, height
    area_width, area_height = width * crop[0], height * crop[1]
    left = _between(width * hotspot[0] - area_width / 2, 0, width - area_width)
    top = _between(height * hotspot[1] - area_height / 2, 0, height - area_height)
    return left, top, area_width, area_height


def _axis(wanted, hotspot, area_start, area_length, scale, before, after):
    length = area_length * scale
    canvas = wanted or max(1, math.floor(length + 0.5))
    from_start = (hotspot - area_start) * scale
    a, b = (0 if side == "auto" else side for side in (before, after))
    inner = max(0, canvas - a - b)
    if length > inner:
        start = _between(canvas / 2 - from_start, canvas - b - length, a)
        low, high = a, a + inner
    else:
        if before == "auto" and after == "auto":
            start = _between(canvas / 2 - from_start, 0, canvas - length)
        elif after == "auto":
            start = a
        elif before == "auto":
            start = canvas - b - length
        else:
            start = a + (inner - length) / 2
        low, high = start, start + length
    return Axis(canvas, start, length, min(low, canvas), min(high, canvas), area_start, scale)


def _between(value, low, high):
    return max(low, min(value, high))
