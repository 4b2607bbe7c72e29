"""A mask on the spectrum of a sound, and the sound of a spectrum.

Frames, weighted by a sine squared, begin a quarter of a frame after each other. The way down is
their Fourier transform, multiplied by a number from 0 to 1 for each frame and frequency. It has the
form of Wiener's gain, power / (power + noise), with the power of the noisy sound; convolutions
along time make the noise of the logarithms of the powers. The way up is the inverse transform and
overlap-add. Without a mask data come back exactly, also at their ends. Both transforms are
convolutions that do not learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import layers, ops

from zoo.data.windows import sine_squared
from zoo.errors import ModelError
from zoo.networks import blocks
from zoo.networks.style import Style

FLAT = False
MAPS = True
RANKS = (1,)
"""Dimensions of the data beside their channels; the other families take any."""
OVERLAP = 4
"""Frames that each sample is in."""
SPAN = 3
"""Frames that each convolution reads."""
NOISE = 0.01
"""The power that the mask halves before anything is learned."""
FLOOR = 1e-4
"""Added to the power, of which white noise has as much as its variance."""


@dataclass(frozen=True)
class Options(Style):
    """Every convolution has the same width; `kernel` is the length of a frame in samples.

    Attributes:
        depth: How many convolutions make the mask.
    """

    width: Any = 256
    depth: int | None = 2
    kernel: int = 256

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.spectral or self.normalization == "spectral":
            raise ModelError("The transforms of a spectrum are fixed. Received: spectral=True.")
        if self.kernel % OVERLAP:
            raise ModelError(
                f"A frame is a multiple of {OVERLAP} samples. Received: kernel={self.kernel}"
            )


def down(x: Any, style: Options) -> Any:
    """The masked spectrum: `(batch, frames, kernel + 2)`, real parts first.

    Raises:
        ModelError: The data have several channels.
    """
    _check_channel(x.shape[-1])
    hop, lead, behind = _layout(x.shape[1], style)
    padded = layers.ZeroPadding1D((lead, behind))(x)
    bins = style.kernel // 2 + 1
    parts = []
    for kernel in np.split(analysis(style.kernel), 2):
        options = {"strides": hop, "plain": True, "use_bias": False}
        transform = style.convolution(1, bins, **options)
        parts.append(transform(padded))
        transform.kernel.assign(kernel.T[:, None, :])
        transform.trainable = False
    power = layers.Add()([layers.Multiply()([part, part]) for part in parts])
    level = ops.log((power + FLOOR) / NOISE)
    x = level / 4  # Logarithms from −4 to 10 or so, brought near 1.
    width = blocks.single_width(style)
    for number in range(2 if style.depth is None else style.depth):
        made = style.finish(style.convolution(1, width, SPAN, padding="same")(x))
        x = layers.Add()([x, made]) if number else made
    x = layers.Add()([level, style.convolution(1, bins, 1, plain=True)(x)])
    mask = layers.Activation("sigmoid")(x)
    return layers.Concatenate()([layers.Multiply()([part, mask]) for part in parts])


def up(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """The sound of a spectrum.

    Raises:
        ModelError: It has several channels.
    """
    _check_channel(shape[-1])
    hop, lead, behind = _layout(shape[0], style)
    transform = style.transposed(1, 1, strides=hop, plain=True, use_bias=False)
    x = layers.Cropping1D((lead, behind))(transform(x))
    transform.kernel.assign(synthesis(style.kernel).T[:, None, :])
    transform.trainable = False
    return x


def analysis(size: int) -> np.ndarray:
    """The transform of a frame, `(size + 2, size)`: rows of cosines, then of sines.

    The frame's weight has the energy 1, so white noise of variance 1 has the power 1.
    """
    weight = sine_squared(size)
    turns = np.arange(size // 2 + 1)[:, None] * np.arange(size) / size
    waves = np.concatenate([np.cos(2 * np.pi * turns), -np.sin(2 * np.pi * turns)])
    return weight / np.sqrt(np.sum(weight**2)) * waves


def synthesis(size: int) -> np.ndarray:
    """The inverse of the analysis of frames that overlap, `(size + 2, size)`.

    The frames' weights, squared, add up to the same number in each of `OVERLAP` places.
    """
    rows = analysis(size)
    twice = np.full(size // 2 + 1, 2.0)
    twice[[0, -1]] = 1.0
    weights = np.sum(rows[0] ** 2) / (size // OVERLAP)
    return np.concatenate([twice, twice])[:, None] * rows / size / weights


def _layout(length: int, style: Options) -> tuple[int, int, int]:
    """The hop of the frames, and the samples before the data and behind."""
    hop = style.kernel // OVERLAP
    lead = style.kernel - hop
    return hop, lead, lead + -length % hop


def _check_channel(channels: int) -> None:
    if channels != 1:
        raise ModelError(
            f"spectrum is for sounds of one channel, without labels. Received: {channels} channels."
        )
