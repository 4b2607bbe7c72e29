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
    """Every block has the same width."""

    width: Any = 128
    kernel: int = 3
    kernel_initializer: Any = "he_normal"


def down(x: Any, style: Style) -> Any:
    """Residual blocks, each of which halves the size, and the mean over space."""
    rank = len(x.shape) - 2
    width = blocks.single_width(style)
    halvings = blocks.downsampled_sizes(x.shape[1:], style.depth)[1:]
    x = style.convolution(rank, width, padding="same", use_bias=True)(x)
    for _ in halvings:
        shortcut = _pool(rank, x)
        for bias in (style.normalization not in BIAS_CANCELS, True):
            x = style.convolution(rank, width, padding="same", use_bias=bias)(style.finish(x))
        x = layers.Add()([_pool(rank, x), shortcut])
    x = blocks.activate(x, style.activation)
    return (layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D)[rank - 1]()(x)


def up(x: Any, shape: tuple[int, ...], style: Style) -> Any:
    """Residual blocks, each of which doubles the size.

    The first normalization after a shortcut undoes what its biases carry to it, so none has one.
    """
    rank = len(shape) - 1
    width = blocks.single_width(style)
    sizes = blocks.downsampled_sizes(shape, style.depth)
    x = style.dense(math.prod(sizes[-1]) * width, use_bias=True)(x)
    x = layers.Reshape((*sizes[-1], width))(x)
    for size in reversed(sizes[:-1]):
        shortcut = _grow(rank, x, size)
        x = style.convolution(rank, width, padding="same")(_grow(rank, style.finish(x), size))
        x = style.convolution(rank, width, padding="same")(style.finish(x))
        x = layers.Add()([x, shortcut])
    return style.convolution(rank, shape[-1], plain=True, padding="same")(style.finish(x))


def _pool(rank: int, x: Any) -> Any:
    return (layers.AveragePooling1D, layers.AveragePooling2D)[rank - 1](2, padding="same")(x)


def _grow(rank: int, x: Any, size: tuple[int, ...]) -> Any:
    return blocks.crop((layers.UpSampling1D, layers.UpSampling2D)[rank - 1](2)(x), size)
