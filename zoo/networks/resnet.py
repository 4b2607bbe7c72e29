"""Residual networks in the manner of WGAN-GP's and SNGAN's, for images and sequences.

Source of the plan: Gulrajani et al., 2017, arXiv:1704.00028, appendix F. It departs from the
authors' CIFAR-10 networks: shortcuts resample without a 1×1 convolution, every block of the way
down halves the size until it is 4 (the authors stop at 8 and add two blocks that keep it), and
the first convolution stands before the first block.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from keras import layers

from zoo.networks import blocks
from zoo.networks.style import BIAS_CANCELS, Style

FLAT = False
MAPS = False


@dataclass(frozen=True)
class Options(Style):
    """Every block has the same width.

    Attributes:
        attention: How often the map is halved that attends to itself, at most to the smallest;
            None for none.
        deviation: Whether the way down adds the standard deviation over the batch.
        discrimination: Features that the way down adds of how near the rows of a batch are to each
            other; 0 for none.
    """

    width: Any = 128
    kernel: int = 3
    attention: int | None = None
    deviation: bool = False
    discrimination: int = 0
    kernel_initializer: Any = "he_normal"


def down(x: Any, style: Options) -> Any:
    """Residual blocks, each of which halves the size, and the mean over space."""
    rank = len(x.shape) - 2
    width = blocks.single_width(style)
    halvings = blocks.downsampled_sizes(x.shape[1:], style.depth)[1:]
    x = style.convolution(rank, width, padding="same", use_bias=True)(x)
    for level in range(1, len(halvings) + 1):
        shortcut = _pool(rank, x)
        for bias in (style.normalization not in BIAS_CANCELS, True):
            x = style.convolution(rank, width, padding="same", use_bias=bias)(style.finish(x))
        x = layers.Add()([_pool(rank, x), shortcut])
        x = blocks.attend(x, level, len(halvings), style)
    x = blocks.activate(blocks.deviate(x, style), style.activation)
    x = (layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D)[rank - 1]()(x)
    return blocks.compare_rows(x, style)


def up(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """Residual blocks, each of which doubles the size.

    The first normalization after a shortcut undoes what its biases carry to it, so none has one.
    """
    rank = len(shape) - 1
    width = blocks.single_width(style)
    sizes = blocks.downsampled_sizes(shape, style.depth)
    x = style.dense(math.prod(sizes[-1]) * width, use_bias=True)(x)
    x = layers.Reshape((*sizes[-1], width))(x)
    levels = len(sizes) - 1
    x = blocks.attend(x, levels, levels, style)
    for level in range(levels - 1, -1, -1):
        shortcut = _grow(rank, x, sizes[level])
        x = _grow(rank, style.finish(x), sizes[level])
        x = style.convolution(rank, width, padding="same")(x)
        x = style.convolution(rank, width, padding="same")(style.finish(x))
        x = blocks.attend(layers.Add()([x, shortcut]), level, levels, style)
    return style.convolution(rank, shape[-1], plain=True, padding="same")(style.finish(x))


def _pool(rank: int, x: Any) -> Any:
    return (layers.AveragePooling1D, layers.AveragePooling2D)[rank - 1](2, padding="same")(x)


def _grow(rank: int, x: Any, size: tuple[int, ...]) -> Any:
    return blocks.crop((layers.UpSampling1D, layers.UpSampling2D)[rank - 1](2)(x), size)
