"""Images: colours, edges, blur, similarity, patches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops

from export.direct.registry import array, case, decomposition

IMAGE = array(2, 6, 5, 3, low=0.0, high=1.0)
FLOAT32_EPSILON = 1.1920929e-07


def _channels(operation: Any) -> int:
    return -3 if operation.data_format == "channels_first" else -1


@decomposition("RGBToHSV", cases=lambda: [case("image.rgb_to_hsv", IMAGE)])
def rgb_to_hsv(operation: Any, images: Any) -> Any:
    """Hue in turns, saturation, value."""
    axis = _channels(operation)
    images = ops.where(ops.abs(images) < FLOAT32_EPSILON, 0.0, images)
    red, green, blue = ops.split(images, 3, axis=axis)
    value = ops.max(images, axis=axis, keepdims=True)
    spread = value - ops.min(images, axis=axis, keepdims=True)
    saturation = ops.where(value > 0, spread / ops.where(value > 0, value, 1.0), 0.0)
    norm = 1.0 / (6.0 * ops.where(spread > 0, spread, 1.0))
    hue = ops.where(
        ops.equal(value, green), norm * (blue - red) + 1 / 3, norm * (red - green) + 2 / 3
    )
    hue = ops.where(ops.equal(value, red), norm * (green - blue), hue)
    hue = ops.where(spread > 0, hue, 0.0)
    hue = hue + ops.cast(hue < 0, "float32")
    return ops.concatenate([hue, saturation, value], axis=axis)


@decomposition("HSVToRGB", cases=lambda: [case("image.hsv_to_rgb", IMAGE)])
def hsv_to_rgb(operation: Any, images: Any) -> Any:
    """Each channel is the value less what saturation takes at its distance in hue."""
    axis = _channels(operation)
    images = ops.where(ops.abs(images) < FLOAT32_EPSILON, 0.0, images)
    hue, saturation, value = ops.split(images, 3, axis=axis)
    sixth = hue * 6.0
    red = ops.clip(ops.abs(sixth - 3.0) - 1.0, 0.0, 1.0)
    green = ops.clip(2.0 - ops.abs(sixth - 2.0), 0.0, 1.0)
    blue = ops.clip(2.0 - ops.abs(sixth - 4.0), 0.0, 1.0)
    colours = [((part - 1.0) * saturation + 1.0) * value for part in (red, green, blue)]
    return ops.concatenate(colours, axis=axis)


def _filtered(operation: Any, images: Any, kernel: np.ndarray) -> Any:
    """Every channel convolved with one kernel, `(height, width)`, the size kept."""
    channels = images.shape[_channels(operation)]
    weights = np.repeat(kernel[:, :, None, None], channels, axis=2).astype("float32")
    return ops.depthwise_conv(images, weights, padding="same", data_format=operation.data_format)


@decomposition(
    "GaussianBlur",
    # Without a data format Keras's function takes another one than its recorded operation.
    cases=lambda: [
        case("image.gaussian_blur", IMAGE, (3, 3), (1.0, 0.7), data_format="channels_last")
    ],
)
def gaussian_blur(operation: Any, images: Any) -> Any:
    """A convolution with a normalized normal distribution."""
    rows = []
    sigmas = operation.sigma
    sigmas = (sigmas, sigmas) if isinstance(sigmas, (int, float)) else sigmas
    for size, sigma in zip(operation.kernel_size, sigmas, strict=True):
        places = np.arange(size) - (size - 1) / 2
        row = np.exp(-0.5 * (places / sigma) ** 2)
        rows.append(row / row.sum())
    return _filtered(operation, images, np.outer(rows[1], rows[0]))


@decomposition("PSNR", cases=lambda: [case("psnr", IMAGE, IMAGE, 1.0, batched=False)])
def psnr(operation: Any, x: Any, y: Any) -> Any:
    """`20 log₁₀(max) - 10 log₁₀(mean square difference)`."""
    error = ops.mean(ops.square(x - y))
    return 20.0 * math.log10(operation.max_val) - 10.0 * ops.log10(error)


@decomposition("ExtractSequences", cases=lambda: [case("extract_sequences", array(2, 9), 4, 2)])
def extract_sequences(operation: Any, x: Any) -> Any:
    """Windows along the last axis, at even distances."""
    length, stride = operation.sequence_length, operation.sequence_stride
    count = 1 + (x.shape[-1] - length) // stride
    starts = ops.expand_dims(ops.arange(count), 1) * stride
    return ops.take(x, starts + np.arange(length, dtype="int32"), axis=-1)


@decomposition(
    "Unfold",
    cases=lambda: [
        case("unfold", array(2, 3, 6, 5), 2),
        case("unfold", array(2, 3, 7, 6), (3, 2), dilation=2, padding=1, stride=2),
    ],
)
def unfold(operation: Any, x: Any) -> Any:
    """Patches as columns, by a convolution with one-hot kernels."""
    window, dilation, padding, stride = (
        (n, n) if isinstance(n, int) else tuple(n)
        for n in (operation.kernel_size, operation.dilation, operation.padding, operation.stride)
    )
    channels = x.shape[1]
    volume = math.prod(window)
    # One-hot kernels (height, width, in, out): the channel runs slowest among the outputs.
    kernel = np.zeros((*window, channels, channels * volume), "float32")
    for channel in range(channels):
        for place in range(volume):
            row, column = divmod(place, window[1])
            kernel[row, column, channel, channel * volume + place] = 1.0
    x = ops.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    x = ops.transpose(x, (0, 2, 3, 1))
    patches = ops.conv(
        x, kernel, stride, "valid", data_format="channels_last", dilation_rate=dilation
    )
    columns = ops.reshape(
        ops.transpose(patches, (0, 3, 1, 2)), (-1, channels * volume, _size(patches))
    )
    return columns


def _size(patches: Any) -> Any:
    return patches.shape[1] * patches.shape[2]
