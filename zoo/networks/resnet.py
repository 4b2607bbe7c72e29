"""Residual networks of WGAN-GP, SNGAN, the projection GAN and SAGAN, for images and sequences.

Sources: Gulrajani et al., 2017, arXiv:1704.00028, appendix F; Miyato et al., 2018,
arXiv:1802.05957, appendix B; Zhang et al., 2018, arXiv:1805.08318; and their authors' code. A
shortcut's convolution of 1 comes before doublings and after halvings, with which it commutes. Odd
sizes are rounded up on the way down and cropped on the way up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from keras import layers, ops

from zoo.errors import ModelError
from zoo.networks import blocks
from zoo.networks.style import BIAS_CANCELS, Style

FLAT = False
MAPS = False
POOLINGS = {"mean": ops.mean, "sum": ops.sum}
ATTENTION = {"value_share": 2, "pooled": True}
"""The form of self-attention in SAGAN's code; the paper's equations have neither."""


@dataclass(frozen=True)
class Options(Style):
    """The default ones are WGAN-GP's for CIFAR-10 at 32×32.

    Attributes:
        width: Of all blocks; of those next to the data where widths grow; or one for each block of
            the way down, or map of the way up, from the data on.
        growth: The multiple of the first width up to which widths double away from the data.
        final_blocks: Blocks of the way down that keep the size, after those that halve it. Without
            a depth, the way down has as many blocks as the way up has maps, from 4 on, and at least
            one that halves: with 2 final blocks it halves to 8, with 1 to 4.
        widens_first: Whether the first convolution of a block of the way down has the new width
            already, as in SAGAN, not that of the block before.
        pooling: `mean` over space at the end of the way down, as in WGAN-GP, or `sum`, as in SNGAN.
        attention: How often the map is halved that attends to itself, at most to the smallest;
            None for none.
        deviation: Whether the way down adds the standard deviation over the batch.
        discrimination: Features that the way down adds of how near the rows of a batch are to each
            other; 0 for none.
        kernel_initializer: Of all layers but the shortcuts, whose inputs are not activated.
    """

    width: int | Sequence[int] = 128
    growth: int = 1
    kernel: int = 3
    final_blocks: int = 2
    widens_first: bool = False
    pooling: str = "mean"
    attention: int | None = None
    deviation: bool = False
    discrimination: int = 0
    kernel_initializer: Any = "he_normal"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(isinstance(n, int) and n >= 1 for n in (self.growth, self.final_blocks)):
            raise ModelError(
                "growth and final_blocks are whole numbers from 1. "
                f"Received: growth={self.growth!r}, final_blocks={self.final_blocks!r}"
            )
        if self.pooling not in tuple(POOLINGS):
            raise ModelError(f"pooling is one of {', '.join(POOLINGS)}. Received: {self.pooling!r}")


def down(x: Any, style: Options) -> Any:
    """Residual blocks that halve the size, others that keep it, and the mean or sum over space."""
    rank, halvings = len(x.shape) - 2, _halvings(x.shape[1:], style)
    widths = style.widths(halvings + style.final_blocks, style.growth)
    hidden = widths if style.widens_first else [widths[0], *widths[:-1]]
    for level, (inner, width) in enumerate(zip(hidden, widths, strict=True), start=1):
        first, halves = level == 1, level <= halvings
        y = x if first else style.finish(x)
        bias = first or style.normalization not in BIAS_CANCELS
        y = style.convolution(rank, inner, padding="same", use_bias=bias)(y)
        y = style.finish(y, normalized=not first)
        y = style.convolution(rank, width, padding="same", use_bias=True)(y)
        if halves:
            x, y = _halved(rank, x), _halved(rank, y)
        if halves or x.shape[-1] != y.shape[-1]:
            x = _shortcut(rank, width, style, use_bias=True)(x)
        x = layers.Add()([x, y])
        if halves:
            x = blocks.attend(x, level, halvings, style, **ATTENTION)
    x = blocks.deviate(style.finish(x, normalized=False), style)
    x = POOLINGS[style.pooling](x, axis=tuple(range(1, rank + 1)))
    return blocks.compare_rows(x, style)


def up(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """Residual blocks, each of which doubles the size; the last normalization reads no labels.

    The first normalization after a shortcut undoes what its biases carry to it, so none has one.
    """
    rank, sizes = len(shape) - 1, blocks.downsampled_sizes(shape, style.halvings)
    widths, levels = style.widths(len(sizes), style.growth), len(sizes) - 1
    x = style.dense(math.prod(sizes[-1]) * widths[-1], use_bias=True)(x)
    x = layers.Reshape((*sizes[-1], -1))(x)
    x = blocks.attend(x, levels, levels, style, **ATTENTION)
    for level in range(levels - 1, -1, -1):
        y = _doubled(rank, style.finish(x), sizes[level])
        y = style.finish(style.convolution(rank, widths[level], padding="same")(y))
        y = style.convolution(rank, widths[level], padding="same")(y)
        x = _doubled(rank, _shortcut(rank, widths[level], style)(x), sizes[level])
        x = blocks.attend(layers.Add()([x, y]), level, levels, style, **ATTENTION)
    last = "batch" if style.normalization == "conditional" else style.normalization
    x = replace(style, normalization=last).finish(x)
    return style.convolution(rank, shape[-1], plain=True, padding="same")(x)


def _halvings(shape: Sequence[int], style: Options) -> int:
    """How many blocks of the way down halve the size.

    Raises:
        ModelError: The widths are fewer than the final blocks.
    """
    if not isinstance(style.width, int):
        if len(style.width) < style.final_blocks:
            raise ModelError(
                "width has a number for each block of the way down, of which final_blocks keep "
                f"the size. Received: width={style.width}, final_blocks={style.final_blocks}."
            )
        return len(blocks.downsampled_sizes(shape, len(style.width) - style.final_blocks)) - 1
    levels = len(blocks.downsampled_sizes(shape, style.depth)) - 1
    if style.depth is not None:
        return levels
    return min(levels, max(1, levels + 1 - style.final_blocks))


def _shortcut(rank: int, width: int, style: Options, **options: Any) -> Any:
    start = {"kernel_initializer": "glorot_uniform"}
    return style.convolution(rank, width, 1, padding="same", **start, **options)


def _halved(rank: int, x: Any) -> Any:
    return (layers.AveragePooling1D, layers.AveragePooling2D)[rank - 1](2, padding="same")(x)


def _doubled(rank: int, x: Any, size: tuple[int, ...]) -> Any:
    return blocks.crop((layers.UpSampling1D, layers.UpSampling2D)[rank - 1](2)(x), size)
