"""BigGAN's networks: residual blocks, each of which reads a piece of the latent and the label.

Source: Brock et al., 2018, arXiv:1809.11096, appendix B (figure 15 and table 4), and the author's
PyTorch code, whose widths at 128×128 are 96 next to the data and at most sixteen times as many. A
shortcut's convolution of 1 comes before doublings and after halvings, with which it commutes. Odd
sizes are rounded up on the way down and cropped on the way up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from keras import layers, ops

from zoo import layers as own
from zoo.errors import ModelError
from zoo.networks import blocks
from zoo.networks.kernels import EMBEDDING
from zoo.networks.style import Style

FLAT = False
MAPS = False
MAX_GROWTH = 16
"""Widths double up to this multiple of the first."""
VALUE_SHARE = 2
"""How many times fewer channels than a map the values have by which it attends to itself."""


@dataclass(frozen=True)
class Options(Style):
    """Widths double away from the data, or one for each map, from the data on.

    Attributes:
        attention: How often the map is halved that attends to itself, at most to the smallest;
            None for none.
        embedding: Units of the labels' embedding, which all blocks of the generator share.
        deviation: Whether the way down adds the standard deviation over the batch, which the paper
            does not.
        discrimination: Features that the way down adds of how near the rows of a batch are to each
            other, which the paper does not; 0 for none.
    """

    width: int | Sequence[int] = 16
    kernel: int = 3
    kernel_initializer: Any = "orthogonal"
    spectral: bool = True
    attention: int | None = 1
    embedding: int = 128
    deviation: bool = False
    discrimination: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.embedding < 1:
            raise ModelError(f"embedding is a whole number from 1. Received: {self.embedding}")

    def normalize(self, x: Any) -> Any:
        """Normalization alone; the conditional one's gains are spectral as the kernels are."""
        if self.normalization != "conditional":
            return super().normalize(x)
        return self.kept(self._conditional)([x, self.condition])

    def _conditional(self) -> Any:
        start = dict.fromkeys(("gain_initializer", "offset_initializer"), self.kernel_initializer)
        spectral = start | {"spectral": True} if self.has_spectral_kernels else {}
        return own.ConditionalBatchNormalization(momentum=0.9, epsilon=1e-5, **spectral)


def down(x: Any, style: Options) -> Any:
    """Residual blocks that halve the size, one that keeps it, and the sum over space."""
    rank, (sizes, widths) = len(x.shape) - 2, _plan(x.shape[1:], style)
    levels = len(sizes) - 1
    for level in range(1, levels + 2):
        width = widths[level - 1]
        y = x if level == 1 else style.finish(x)
        y = style.convolution(rank, width, padding="same")(y)
        y = style.convolution(rank, width, padding="same", use_bias=True)(style.finish(y))
        if level <= levels:
            x, y = _halved(rank, x), _halved(rank, y)
        if level <= levels or x.shape[-1] != width:
            x = style.convolution(rank, width, 1, padding="same", use_bias=True)(x)
        x = layers.Add()([x, y])
        if level <= levels:
            x = blocks.attend(x, level, levels, style, **_attention(style))
    x = blocks.deviate(style.finish(x, normalized=False), style)
    return blocks.compare_rows(ops.sum(x, axis=tuple(range(1, rank + 1))), style)


def up(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """Residual blocks that double the size.

    With conditional normalization the latent is cut into equal pieces: the first makes the smallest
    map, and each block's gains and offsets read one of the others, beside the label's embedding.
    """
    rank, (sizes, widths) = len(shape) - 1, _plan(shape, style)
    levels = len(sizes) - 1
    conditions = [None] * levels
    if style.normalization == "conditional":
        x, conditions = _conditions(x, levels, style)
    x = style.dense(math.prod(sizes[-1]) * widths[-1], use_bias=True)(x)
    x = layers.Reshape((*sizes[-1], widths[-1]))(x)
    x = blocks.attend(x, levels, levels, style, **_attention(style))
    for level, condition in zip(range(levels - 1, -1, -1), conditions, strict=True):
        x = _doubled(x, sizes[level], widths[level], replace(style, condition=condition))
        x = blocks.attend(x, level, levels, style, **_attention(style))
    last = "batch" if style.normalization == "conditional" else style.normalization
    x = replace(style, normalization=last).finish(x)
    return style.convolution(rank, shape[-1], plain=True, padding="same")(x)


def _plan(shape: Sequence[int], style: Options) -> tuple[list[tuple[int, ...]], list[int]]:
    """The sizes of the maps from the data on, and their widths."""
    sizes = blocks.downsampled_sizes(shape, style.halvings)
    return sizes, style.widths(len(sizes), MAX_GROWTH)


def _attention(style: Options) -> dict[str, Any]:
    """The options of the maps' attention, as in the code that the paper builds on."""
    start = style.kernel_initializer
    return {"value_share": VALUE_SHARE, "pooled": True, "kernel_initializer": start}


def _conditions(x: Any, levels: int, style: Options) -> tuple[Any, list[Any]]:
    """The piece of the latent for the smallest map, and what each block reads, in order.

    Raises:
        ModelError: The latent has fewer numbers than there are pieces.
    """
    length, pieces = x.shape[-1], levels + 1
    if length < pieces:
        raise ModelError(
            f"The latent of biggan has a piece for the smallest map and one for each of {levels} "
            f"doublings. Received: a latent of length {length}. Accepted: {pieces} or more."
        )
    piece = length // pieces
    first = length - levels * piece
    found = [x[:, start : start + piece] for start in range(first, length, piece)]
    if style.condition is not None:
        embedding = style.kept(lambda: _embedding(style))(style.condition)
        found = [layers.Concatenate()([embedding, part]) for part in found]
    return x[:, :first], found


def _embedding(style: Options) -> Any:
    start = style.kernel_initializer
    return layers.Dense(style.embedding, use_bias=False, kernel_initializer=start, name=EMBEDDING)


def _doubled(x: Any, size: tuple[int, ...], width: int, style: Options) -> Any:
    """A residual block to double the size, cropped.

    The first normalization after a shortcut undoes what its biases carry to it, so none has one.
    """
    rank = len(size)
    y = _grown(rank, style.finish(x), size)
    y = style.finish(style.convolution(rank, width, padding="same")(y))
    y = style.convolution(rank, width, padding="same")(y)
    shortcut = _grown(rank, style.convolution(rank, width, 1, padding="same")(x), size)
    return layers.Add()([y, shortcut])


def _grown(rank: int, x: Any, size: tuple[int, ...]) -> Any:
    return blocks.crop((layers.UpSampling1D, layers.UpSampling2D)[rank - 1](2)(x), size)


def _halved(rank: int, x: Any) -> Any:
    return (layers.AveragePooling1D, layers.AveragePooling2D)[rank - 1](2, padding="same")(x)
