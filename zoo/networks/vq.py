"""Strided convolutions and residual blocks between data and a map of vectors.

Source: van den Oord et al., 2017, arXiv:1711.00937, section 4.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import layers

from zoo.networks import blocks
from zoo.networks.style import BIAS_CANCELS, Style

FLAT = False
MAPS = True


@dataclass(frozen=True)
class Options(Style):
    """The options of the residual blocks.

    Attributes:
        residual_width: Channels inside the residual blocks.
        num_residual_blocks: How many of them.
    """

    width: Any = 128
    depth: int | None = 2
    residual_width: int = 32
    num_residual_blocks: int = 2


def down(x: Any, style: Options) -> Any:
    """Convolutions of stride 2, one of stride 1, and residual blocks."""
    rank, width = len(x.shape) - 2, blocks.single_width(style)
    levels = len(blocks.downsampled_sizes(x.shape[1:], style.depth)) - 1
    for level in range(levels):
        channels = width if level == levels - 1 else width // 2
        x = style.finish(style.convolution(rank, channels, strides=2, padding="same")(x))
    x = style.convolution(rank, width, 3, padding="same")(x)
    return _residual_stack(rank, x, style)


def up(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """The mirror image of `down`."""
    rank, width = len(shape) - 1, blocks.single_width(style)
    sizes = blocks.downsampled_sizes(shape, style.depth)
    x = style.convolution(rank, width, 3, padding="same")(x)
    x = _residual_stack(rank, x, style)
    for size in reversed(sizes[1:-1]):
        x = style.transposed(rank, width // 2, strides=2, padding="same")(x)
        x = style.finish(blocks.crop(x, size))
    strides = 2 if len(sizes) > 1 else 1
    x = style.transposed(rank, shape[-1], plain=True, strides=strides, padding="same")(x)
    return blocks.crop(x, sizes[0])


def _residual_stack(rank: int, x: Any, style: Options) -> Any:
    for _ in range(style.num_residual_blocks):
        inner = style.convolution(rank, style.residual_width, 3, padding="same")(style.finish(x))
        bias = style.normalization not in BIAS_CANCELS
        last = style.convolution(rank, x.shape[-1], 1, plain=True, padding="same", use_bias=bias)
        x = layers.Add()([x, last(style.finish(inner))])
    return style.finish(x)
