"""Samples of any shape as one PNG: images in rows, points as a scatter plot, series as curves."""

import math
import os
from pathlib import Path

import numpy as np

from zoo.data.dataset import Range
from zoo.errors import DataError
from zoo.files import write_atomically
from zoo.plotting.drawing import draw_curves, draw_scatter, round_limits

GAP = 2
GAP_LEVEL = 128
TILE = 64
"""Images with sides below this are enlarged by a whole number, up to about this size."""


def save_grid(
    samples: np.ndarray,
    path: str | os.PathLike,
    *,
    value_range: Range | None,
    columns: int | None = None,
    scale: int | None = None,
) -> Path:
    """Writes `draw_grid` of the samples as a PNG, whole or not at all, and returns its path.

    Raises:
        DataError: The samples cannot be drawn, or the file name ends otherwise.
        TargetError: The file cannot be written.
    """
    from PIL import Image

    if Path(path).suffix.lower() != ".png":
        raise DataError(f"Pictures of samples are PNG files. Received: {os.fspath(path)!r}.")
    sheet = draw_grid(samples, value_range=value_range, columns=columns, scale=scale)
    picture = Image.fromarray(sheet[..., 0] if sheet.shape[2] == 1 else sheet)
    return write_atomically(path, lambda file: picture.save(file, format="PNG"))


def draw_grid(
    samples: np.ndarray,
    *,
    value_range: Range | None,
    columns: int | None = None,
    scale: int | None = None,
) -> np.ndarray:
    """Draws samples as one picture: uint8 `(height, width, 1 or 3)`.

    Args:
        samples: Images `(count, height, width, 1 or 3)`; sequences `(count, time, channels)`,
            drawn as curves; vectors `(count, features)`: two features are points of a scatter
            plot, flattened squares (grey, or else colour) are images, others are curves.
        value_range: The values of black and white, or the limits of a plot; None for the samples'
            own. uint8 images are taken as they are.
        columns: Images in a row; by default as many as there are rows.
        scale: Whole number by which images are enlarged; by default small ones are, so that a
            digit of 8x8 pixels is seen.

    Raises:
        DataError: The samples are empty, of another rank, or of other channels.
    """
    samples = np.asarray(samples)
    if samples.ndim not in (2, 3, 4) or samples.size == 0 or samples.dtype.kind not in "buif":
        raise DataError(
            f"Samples to draw are numbers. Received: shape {samples.shape}, dtype "
            f"{samples.dtype}. Accepted: (count, features), (count, time, channels), "
            "(count, height, width, channels), none of them zero."
        )
    for name, number in {"columns": columns, "scale": scale}.items():
        if number is not None and number < 1:
            raise DataError(f"{name} is at least 1. Received: {number}.")
    if samples.ndim == 2:
        samples = _unflatten(samples)
    if samples.ndim == 4:
        if samples.shape[3] not in (1, 3):
            raise DataError(
                f"Images are drawn in grey or colour. Received: {samples.shape[3]} channels. "
                "Accepted: 1 or 3."
            )
        tiles = to_uint8(samples, value_range)
        scale = scale or max(1, TILE // max(tiles.shape[1:3]))
        return _arrange(tiles.repeat(scale, axis=1).repeat(scale, axis=2), columns)
    series = samples.astype(np.float64)
    finite = series[np.isfinite(series)]
    limits = value_range if value_range is not None else round_limits(finite)
    if samples.ndim == 2:
        return draw_scatter(series[np.isfinite(series).all(axis=1)], limits)
    return _arrange(draw_curves(np.nan_to_num(series, nan=limits[0]), limits), columns)


def to_uint8(images: np.ndarray, value_range: Range | None) -> np.ndarray:
    """Returns 0..255 for low..high of the range, clipped and rounded; uint8 as they are.

    A range of None is that of the finite values. What is no number becomes 0.
    """
    if images.dtype == np.uint8:
        return images
    values = images.astype(np.float64)
    if value_range is None:
        finite = values[np.isfinite(values)]
        value_range = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    low, high = map(float, value_range)
    inside = np.nan_to_num(np.clip(values, low, high), nan=low)
    return np.rint((inside - low) / ((high - low) or 1.0) * 255).astype(np.uint8)


def _unflatten(vectors: np.ndarray) -> np.ndarray:
    """Returns points as they are, flattened squares as images, other vectors as sequences."""
    count, features = vectors.shape
    if features == 2:
        return vectors
    for channels in (1, 3):
        side = math.isqrt(features // channels)
        if side >= 4 and side * side * channels == features:
            return vectors.reshape(count, side, side, channels)
    return vectors[..., None]


def _arrange(tiles: np.ndarray, columns: int | None) -> np.ndarray:
    """Lays tiles `(count, height, width, channels)` row by row, with a thin line between them."""
    count, height, width, channels = tiles.shape
    columns = min(columns or math.ceil(math.sqrt(count)), count)
    rows = math.ceil(count / columns)
    tall, wide = height + GAP, width + GAP
    sheet = np.full((rows * tall - GAP, columns * wide - GAP, channels), GAP_LEVEL, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * tall, index % columns * wide
        sheet[top : top + height, left : left + width] = tile
    return sheet
