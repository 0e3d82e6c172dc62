"""Makes the images that are measured, in the folder that is named. Runs in thumbor's virtual environment, for Pillow.

Noise at all scales, the coarse ones more than the fine, looks like clouds and is about as large as a photo."""

import random
import sys
from pathlib import Path

from PIL import Image, ImageOps

BIG = (7360, 4912)
SMALL = (2000, 1333)
SMALL_ONES = 60


def main():
    folder = Path(sys.argv[1])
    picture(0, BIG).save(folder / "big.jpg", quality=90)
    for number in range(1, 1 + SMALL_ONES):
        picture(number, SMALL).save(folder / f"small-{number:02}.jpg", quality=90)


def picture(seed, size):
    """The same picture whenever it is made. Its colours change more slowly than its brightness."""
    source = random.Random(seed)
    return Image.merge("YCbCr", [clouds(source, size, finest) for finest in (1, 8, 8)])


def clouds(source, size, finest):
    sum, scale = None, finest
    while scale < size[0]:
        grid = (size[0] // scale + 1, size[1] // scale + 1)
        noise = Image.frombytes("L", grid, source.randbytes(grid[0] * grid[1]))
        noise = noise.resize(size, Image.Resampling.BICUBIC)
        sum = noise if sum is None else Image.blend(sum, noise, 0.25)
        scale *= 2
    return ImageOps.autocontrast(sum)


main()
