"""One picture file becomes one array of bytes."""

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.data.sources.resize import cover

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = frozenset(".png .jpg .jpeg .bmp .gif .webp .tif .tiff .ppm .pgm".split())

UNREADABLE = (OSError, ValueError, EOFError, SyntaxError, struct.error, zlib.error)
"""Exceptions of Pillow at files that are truncated, mislabelled or no pictures at all."""

GREY = ("1", "L", "LA", "La", "I", "F")


def is_colour(file: Path) -> bool:
    """Tells from its header whether a file holds colours; one that cannot be read does not."""
    from PIL import Image

    try:
        with Image.open(file) as image:
            return image.mode not in GREY and not image.mode.startswith("I;16")
    except (*UNREADABLE, Image.DecompressionBombError):
        return False


def read_picture(file: Path, size: tuple[int, int] | None, channels: int) -> np.ndarray | str:
    """Returns uint8 `(*size, channels)`, or in words why the file cannot be read.

    The picture is turned upright (EXIF); the shorter side is resized to fit, bicubic with
    antialiasing, and the longer one cropped to its centre. Opacity, unless kept as the fourth
    channel, is laid over white; 16-bit grey keeps its upper 8 bits; animations their first frame.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as image:
            if size is not None:
                # JPEG decodes to 1/2, 1/4 or 1/8 at a fraction of the cost; twice the size is kept.
                image.draft(None, (2 * max(size), 2 * max(size)))
            upright = _convert(ImageOps.exif_transpose(image), channels)
    except (*UNREADABLE, Image.DecompressionBombError) as error:
        return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    if size is not None and upright.size != size[::-1]:
        box = cover((upright.height, upright.width), size)
        upright = upright.resize(size[::-1], Image.Resampling.BICUBIC, box)
    return np.asarray(upright).reshape(upright.height, upright.width, channels)


def _convert(image: "Image.Image", channels: int) -> "Image.Image":
    from PIL import Image

    if image.mode == "F":
        raise ValueError("floating-point pixels have no known range")
    if image.mode == "I" or image.mode.startswith("I;16"):
        levels = np.clip(np.asarray(image), 0, 65535) >> 8
        image = Image.fromarray(levels.astype(np.uint8))
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        if channels != 4:
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])
