"""Transformers over tokens: patches of images, or of consecutive steps of sequences.

Blocks are those of Vaswani et al., 2017, arXiv:1706.03762, with normalization before each half, as
in Dosovitskiy et al., 2020, arXiv:2010.11929. Positions are learned: a bias of each token.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import initializers, layers, ops

from zoo.errors import ModelError
from zoo.layers import LayerNormalization
from zoo.networks import blocks
from zoo.networks.style import Style

FLAT = False
MAPS = False
TOKENS = True  # depth counts blocks, and each token is normalized in the family's own way
ATTENTION = "attention_{}"
"""The names of the layers whose outputs are the attention weights, from the data on."""
UNREAD = 3e4
"""What the scores of hidden tokens are lowered by: their weights are 0, in half precision too."""


@dataclass(frozen=True)
class Options(Style):
    """Every token has `width` channels; `depth` is the number of blocks.

    Attributes:
        patch: Size of a token: pixels along each side, by default 4, or steps of a sequence, by
            default 1. Data whose sizes are no multiples of it are extended with zeros.
        num_heads: Of each attention; they share the width.
        expansion: How many times wider the hidden layer of each block is.
    """

    width: int = 64
    depth: int | None = 2
    activation: str = "gelu"
    patch: int | None = None
    num_heads: int = 4
    expansion: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        blocks.single_width(self)
        if min(self.num_heads, self.expansion, self.patch or 1) < 1:
            raise ModelError(
                "patch, num_heads and expansion are whole numbers from 1. Received: "
                f"patch={self.patch}, num_heads={self.num_heads}, expansion={self.expansion}"
            )
        if self.width % self.num_heads:
            raise ModelError(
                f"The heads share the width equally. Received: width={self.width}, "
                f"num_heads={self.num_heads}"
            )
        if self.normalization is not None:
            raise ModelError(
                f"Transformers normalize each token. Received: normalization={self.normalization!r}"
            )


def down(x: Any, style: Options) -> Any:
    """Tokens through the blocks, flattened."""
    x = positioned(split(x, patch_of(x.shape[1:], style.patch)), style)
    for number in range(style.depth or 0):
        x = block(x, number, style)
    return layers.Flatten()(normalized(x, style))


def up(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """A latent as tokens, through the blocks, and each token as its patch."""
    patch = patch_of(shape, style.patch)
    grid = grid_of(shape, patch)
    x = style.dense(math.prod(grid) * style.width)(x)
    x = layers.Reshape((math.prod(grid), style.width))(x)
    for number in range(style.depth or 0):
        x = block(x, number, style)
    x = style.dense(patch ** len(grid) * shape[-1], plain=True)(normalized(x, style))
    return join(x, shape, patch)


def patch_of(shape: Sequence[int], patch: int | None = None) -> int:
    """The size of a patch; by default 4 for images and 1 for sequences."""
    return patch or (4 if len(shape) == 3 else 1)


def grid_of(shape: Sequence[int], patch: int) -> tuple[int, ...]:
    """How many patches lie along each side, the last of which may go beyond it."""
    return tuple(-(-size // patch) for size in shape[:-1])


def split(x: Any, patch: int) -> Any:
    """Data as tokens `(batch, tokens, values of a patch)`, row by row."""
    *sizes, channels = x.shape[1:]
    grid = grid_of(x.shape[1:], patch)
    excess = [count * patch - size for count, size in zip(grid, sizes, strict=True)]
    if any(excess):
        pad = layers.ZeroPadding1D((0, *excess)) if len(excess) == 1 else _padding(excess)
        x = pad(x)
    if len(grid) == 1:
        return layers.Reshape((grid[0], patch * channels))(x)
    x = layers.Reshape((grid[0], patch, grid[1], patch, channels))(x)
    x = layers.Permute((1, 3, 2, 4, 5))(x)
    return layers.Reshape((math.prod(grid), patch * patch * channels))(x)


def _padding(excess: Sequence[int]) -> Any:
    return layers.ZeroPadding2D(tuple((0, extra) for extra in excess))


def join(x: Any, shape: Sequence[int], patch: int) -> Any:
    """Tokens as data: undoes `split`."""
    *sizes, channels = shape
    grid = grid_of(shape, patch)
    if len(grid) == 1:
        x = layers.Reshape((grid[0] * patch, channels))(x)
    else:
        x = layers.Reshape((*grid, patch, patch, channels))(x)
        x = layers.Permute((1, 3, 2, 4, 5))(x)
        x = layers.Reshape((grid[0] * patch, grid[1] * patch, channels))(x)
    return blocks.crop(x, sizes)


def positioned(x: Any, style: Options, positions: Any = None) -> Any:
    """A linear layer whose bias differs from token to token.

    Args:
        x: The tokens `(batch, tokens, values)`.
        style: Its width is that of the result.
        positions: The biases at first `(tokens, width)`; by default small random numbers.
    """
    tokens = x.shape[1]
    layer = style.kept(
        lambda: layers.EinsumDense(
            "bti,io->bto",
            (tokens, style.width),
            bias_axes="to",
            kernel_initializer=style.kernel_initializer if positions is None else "lecun_normal",
            bias_initializer=initializers.RandomNormal(stddev=0.02),
        )
    )
    x = layer(x)
    if positions is not None:
        layer.bias.assign(positions)
    return x


def block(x: Any, number: int, style: Options, hidden: Any = None) -> Any:
    """Attention between the tokens, then a hidden layer of each; both are added to their input.

    Args:
        x: The tokens `(batch, tokens, width)`.
        number: The block's own.
        style: Its options.
        hidden: 1 where a token is not attended to `(batch, tokens)`, or an array, 1 where the row's
            token does not attend to the column's `(tokens, tokens)`; None for none of them.
    """
    attended = _attention(normalized(x, style), ATTENTION.format(number), style, hidden)
    x = x + style.dense(style.width, plain=True)(attended)
    hidden = style.dense(style.expansion * style.width)(normalized(x, style))
    return x + style.dense(style.width, plain=True)(style.finish(hidden))


def _attention(x: Any, name: str, style: Options, hidden: Any) -> Any:
    """Softmax(queries·keysᵀ / √channels)·values of each head, side by side."""
    tokens, channels = x.shape[1], style.width // style.num_heads
    queries, keys, values = (
        # A bias of the keys would add the same to all scores of a query, and softmax cancels it.
        style.dense(style.width, plain=True, use_bias=part != "keys", name=f"{name}_{part}")(x)
        for part in ("queries", "keys", "values")
    )
    queries, keys, values = (
        layers.Permute((2, 1, 3))(layers.Reshape((tokens, style.num_heads, channels))(part))
        for part in (queries, keys, values)
    )
    scores = ops.matmul(queries, ops.transpose(keys, (0, 1, 3, 2))) / math.sqrt(channels)
    if hidden is not None:
        fixed = isinstance(hidden, np.ndarray)
        scores = scores - UNREAD * (hidden if fixed else layers.Reshape((1, 1, tokens))(hidden))
    weights = layers.Softmax(name=name)(scores)
    joined = layers.Permute((2, 1, 3))(ops.matmul(weights, values))
    return layers.Reshape((tokens, style.width))(joined)


def normalized(x: Any, style: Options) -> Any:
    """Each token normalized on its own."""
    return style.kept(lambda: LayerNormalization(epsilon=1e-6))(x)
