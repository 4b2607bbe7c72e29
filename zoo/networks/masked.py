"""Transformers that see some of the tokens, and make all of them.

The encoder of He et al., 2021, arXiv:2111.06377, reads the visible tokens alone. It comes in two
forms with the same outputs: on the visible tokens, taken out, in training; and, for any number of
hidden tokens in each row, on all tokens, of which the hidden ones are not attended to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import initializers, layers, ops

from zoo.networks import attention
from zoo.networks.attention import Options

PATCHES = 7
"""How many patches along the shorter side of an image there are at least by default."""
SMALLEST, LARGEST = 2, 16
"""The sizes that the default of a patch is between."""


def patch_of(shape: Sequence[int], patch: int | None = None) -> int:
    """The size of a patch; by default a power of two that leaves an image seven along a side."""
    if patch is not None or len(shape) < 3:
        return attention.patch_of(shape, patch)
    fitting = max(min(shape[:-1]) // PATCHES, 1)
    return min(max(2 ** (fitting.bit_length() - 1), SMALLEST), LARGEST)


def encode(data: Any, style: Options, *, rows: Any = None, hidden: Any = None) -> Any:
    """The visible tokens of data, normalized, `(batch, tokens, width)`.

    Args:
        data: `(batch, …)`.
        style: Of the encoder.
        rows: The visible tokens as one-hot rows `(batch, visible, tokens)`: the others are left
            out before the first block.
        hidden: 1 where a token is hidden `(batch, tokens)`: its place in the result is arbitrary.
    """
    patch = patch_of(data.shape[1:], style.patch)
    grid = attention.grid_of(data.shape[1:], patch)
    x = _placed(attention.split(data, patch), grid, style)
    if rows is not None:
        x = ops.matmul(ops.cast(rows, x.dtype), x)
    for number in range(style.depth or 0):
        x = attention.block(x, number, style, hidden)
    return attention.normalized(x, style)


def decode(x: Any, hidden: Any, shape: Sequence[int], style: Options, *, first: int) -> Any:
    """The values of all tokens `(batch, tokens, values)`.

    Each token is what the encoder made of it, or where it is hidden a learned vector, the same for
    all; its position is added.

    Args:
        x: The encoder's tokens, in their places.
        hidden: 1 where a token is hidden `(batch, tokens)`.
        shape: Of the data.
        style: Of the decoder.
        first: The number of its first block.
    """
    patch = patch_of(shape, style.patch)
    unknown = layers.Reshape((hidden.shape[1], 1))(hidden)
    learned = style.dense(
        style.width,
        plain=True,
        use_bias=False,
        kernel_initializer=initializers.RandomNormal(stddev=0.02),
        name="mask_token",
    )
    x = _placed(x * (1 - unknown), attention.grid_of(shape, patch), style) + learned(unknown)
    for number in range(style.depth or 0):
        x = attention.block(x, first + number, style)
    values = patch ** (len(shape) - 1) * shape[-1]
    return style.dense(values, plain=True)(attention.normalized(x, style))


def in_places(x: Any, rows: Any) -> tuple[Any, Any]:
    """Visible tokens in their places among all, zeros elsewhere; and where tokens are hidden.

    Args:
        x: The visible tokens `(batch, visible, width)`.
        rows: Their places as one-hot rows `(batch, visible, tokens)`.
    """
    rows = ops.cast(rows, x.dtype)
    return ops.matmul(ops.transpose(rows, (0, 2, 1)), x), 1 - ops.sum(rows, axis=1)


def tokens_of(shape: Sequence[int], patch: int) -> int:
    """How many tokens data have."""
    return math.prod(attention.grid_of(shape, patch))


def sinusoids(grid: Sequence[int], width: int) -> np.ndarray:
    """Positions as sines and cosines `(tokens, width)`, an equal share of them for each side.

    sin(place·L^(−k/n)) for k below n, then the cosines, with L the longer side in tokens where
    Vaswani et al., 2017, arXiv:1706.03762, section 3.5, have 10000, of which most channels would be
    alike in all tokens; channels that are left over are 0.

    Args:
        grid: How many tokens lie along each side.
        width: Channels of a token.
    """
    count = width // (2 * len(grid))
    frequencies = float(max(grid)) ** (-np.arange(count) / max(count, 1))
    places = np.stack(np.meshgrid(*map(np.arange, grid), indexing="ij"), axis=-1)
    angles = (places.reshape(-1, len(grid), 1) * frequencies).reshape(math.prod(grid), -1)
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    return np.pad(waves, ((0, 0), (0, width - waves.shape[1]))).astype("float32")


def _placed(x: Any, grid: Sequence[int], style: Options) -> Any:
    """A linear layer of each token, and its position, which is learned and starts as sinusoids."""
    return attention.positioned(x, style, sinusoids(grid, style.width))
