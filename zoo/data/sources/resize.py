"""Images brought to one size and number of channels."""

import numpy as np

from zoo.data.sources.spill import collect
from zoo.errors import DataError

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""ITU-R BT.601, as Pillow converts colour to grey."""


def parse_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """Returns `(height, width)`; an integer is both.

    Raises:
        DataError: The size is not one or two positive integers.
    """
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(pair) != 2 or not all(isinstance(side, int) and side > 0 for side in pair):
        raise DataError(
            f"An image size is positive. Received: size={size!r}. "
            "Accepted: an integer, or (height, width)."
        )
    return pair


def cover(size: tuple[int, int], target: tuple[int, int]) -> tuple[float, float, float, float]:
    """Returns the centred `(left, top, right, bottom)` of the target's proportions.

    Resizing this box to `target` is what fitting the shorter side and cropping the centre does.
    Sizes are `(height, width)`.
    """
    scale = min(size[0] / target[0], size[1] / target[1])
    height, width = target[0] * scale, target[1] * scale
    top, left = (size[0] - height) / 2, (size[1] - width) / 2
    return left, top, left + width, top + height


def resize_images(
    samples: np.ndarray,
    *,
    size: tuple[int, int] | None,
    channels: int | None,
    memory: int,
) -> np.ndarray:
    """Returns images `(count, *size, channels)` of the same dtype, bilinear with antialiasing.

    Grey becomes colour by repetition and colour grey by luma; a memory map gives a memory map.

    Raises:
        DataError: The samples are no images, or their channels cannot be converted.
    """
    if samples.ndim != 4:
        raise DataError(
            f"size and channels are for images. Received: samples of shape {samples.shape[1:]}.",
            options=("size", "channels"),
        )
    height, width, depth = samples.shape[1:]
    size, channels = size or (height, width), channels or depth
    if channels != depth and {channels, depth} != {1, 3}:
        raise DataError(
            f"Channels convert from 1 to 3 and from 3 to 1. Received: {depth} to {channels}.",
            options=("channels",),
        )
    if (*size, channels) == samples.shape[1:]:
        return samples
    rows = (_resize(np.asarray(image, np.float32), size, channels) for image in samples)
    if samples.dtype.kind != "f":
        rows = (np.rint(row) for row in rows)
    shape = (len(samples), *size, channels)
    return collect(rows, shape=shape, dtype=samples.dtype, memory=memory)


def _resize(image: np.ndarray, size: tuple[int, int], channels: int) -> np.ndarray:
    from PIL import Image

    if channels < image.shape[2]:
        image = image @ LUMA[:, None]
    if size != image.shape[:2]:
        box = cover(image.shape[:2], size)
        planes = [
            Image.fromarray(np.ascontiguousarray(image[..., channel])).resize(
                size[::-1], Image.Resampling.BILINEAR, box
            )
            for channel in range(image.shape[2])
        ]
        image = np.stack([np.asarray(plane) for plane in planes], axis=-1)
    return np.repeat(image, channels, axis=2) if channels > image.shape[2] else image
