"""Samples that are no images, drawn: points as a scatter plot, series as curves."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import ImageDraw

SIDE = 512
MARGIN = 16
CURVE_SIZE = (96, 192)
WHITE, GREY = (255, 255, 255), (200, 200, 200)
BLUE = np.array([31, 88, 172])
COLOURS = ((31, 88, 172), (214, 96, 30), (44, 140, 60), (150, 60, 160), (120, 120, 120))


def draw_scatter(points: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Draws points `(count, 2)` as uint8 `(512, 512, 3)`; the more of them, the darker.

    Both axes show `limits`, which stand in the corners; points outside are left out.
    """
    from PIL import Image, ImageDraw

    low, high = limits
    steps = (SIDE - 2 * MARGIN - 1) / (high - low)
    positions = np.rint((points - low) * steps) + MARGIN
    inside = ((positions >= 1) & (positions <= SIDE - 2)).all(axis=1)
    columns, rows = positions[inside].astype(int).T
    rows = SIDE - 1 - rows  # The second axis points upwards.
    density = np.zeros((SIDE, SIDE))
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            np.add.at(density, (rows + down, columns + right), 1.0 if down == right == 0 else 0.5)
    sheet = Image.new("RGB", (SIDE, SIDE), WHITE)
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((MARGIN, MARGIN, SIDE - MARGIN - 1, SIDE - MARGIN - 1), outline=GREY)
    _label(pen, (MARGIN, SIDE - MARGIN + 2), f"{low:g}", "la")
    _label(pen, (SIDE - MARGIN, SIDE - MARGIN + 2), f"{high:g}", "ra")
    _label(pen, (MARGIN, 2), f"{high:g}", "la")
    opacity = (1 - 0.6**density)[..., None]
    return np.rint(np.asarray(sheet) * (1 - opacity) + BLUE * opacity).astype(np.uint8)


def draw_curves(series: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Draws each of `(count, time, channels)` as a tile `(96, 192, 3)`: a curve per channel."""
    from PIL import Image, ImageDraw

    height, width = CURVE_SIZE
    count, length, channels = series.shape
    low, high = limits
    xs = np.linspace(4, width - 5, length) if length > 1 else np.array([width / 2])
    ys = 4 + (high - np.clip(series, low, high)) / (high - low) * (height - 9)
    tiles = np.empty((count, height, width, 3), np.uint8)
    for tile, curves in zip(tiles, ys, strict=True):
        sheet = Image.new("RGB", (width, height), WHITE)
        pen = ImageDraw.Draw(sheet)
        if low < 0 < high:
            zero = 4 + high / (high - low) * (height - 9)
            pen.line((0, zero, width, zero), fill=GREY)
        for channel in range(channels):
            colour = COLOURS[channel % len(COLOURS)]
            corners = [(float(x), float(y)) for x, y in zip(xs, curves[:, channel], strict=True)]
            pen.line(corners, fill=colour)
            if length == 1:
                pen.circle(corners[0], 2, fill=colour)
        tile[:] = np.asarray(sheet)
    return tiles


def round_limits(values: np.ndarray) -> tuple[float, float]:
    """Returns limits that hold all values and stay the same while these change a little.

    They are symmetric around zero, at 1, 1.5, 2, 3 or 5 times a power of ten.
    """
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0:
        return -1.0, 1.0
    power = 10.0 ** np.floor(np.log10(largest))
    bound = power * next(step for step in (1, 1.5, 2, 3, 5, 10) if step * power >= largest * 0.999)
    return -float(bound), float(bound)


def _label(pen: "ImageDraw.ImageDraw", place: tuple[int, int], text: str, anchor: str) -> None:
    pen.text(place, text, fill=(90, 90, 90), anchor=anchor)
