"""Strided convolutions down and transposed convolutions up, for images and sequences.

The plan is DCGAN's (Radford et al., 2015, arXiv:1511.06434): sizes halve as widths double.
Any size works: odd sizes are rounded up on the way down and cropped on the way up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from keras import layers

from zoo.networks import blocks
from zoo.networks.style import Style

FLAT = False
MAPS = False
MAX_GROWTH = 8
"""Widths double up to this multiple of the first."""


@dataclass(frozen=True)
class Options(Style):
    """Widths double away from the data.

    Attributes:
        attention: How often the map is halved that attends to itself, at most to the smallest;
            None for none.
        deviation: Whether the way down adds the standard deviation over the batch.
        discrimination: Features that the way down adds of how near the rows of a batch are to each
            other; 0 for none.
    """

    attention: int | None = None
    deviation: bool = False
    discrimination: int = 0


def down(x: Any, style: Options) -> Any:
    """Convolutions of stride 2, flattened; the first has no normalization."""
    rank = len(x.shape) - 2
    levels = len(blocks.downsampled_sizes(x.shape[1:], style.layer_count)) - 1
    for level, width in enumerate(style.widths(levels, MAX_GROWTH)):
        bias = {"use_bias": True} if level == 0 else {}
        x = style.convolution(rank, width, strides=2, padding="same", **bias)(x)
        x = style.finish(x, normalized=level > 0)
        x = blocks.attend(x, level + 1, levels, style)
    return blocks.compare_rows(layers.Flatten()(blocks.deviate(x, style)), style)


def up(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """A fully connected layer and transposed convolutions of stride 2, cropped to size."""
    rank = len(shape) - 1
    *sizes, smallest = blocks.downsampled_sizes(shape, style.layer_count)
    widths = style.widths(max(len(sizes), 1), MAX_GROWTH)
    levels = len(sizes)
    x = blocks.attend(_start(x, smallest, widths[-1], style), levels, levels, style)
    for level in range(levels - 1, 0, -1):
        x = style.transposed(rank, widths[level - 1], strides=2, padding="same")(x)
        x = style.finish(blocks.crop(x, sizes[level]))
        x = blocks.attend(x, level, levels, style)
    strides = 2 if sizes else 1
    x = style.transposed(rank, shape[-1], plain=True, strides=strides, padding="same")(x)
    return blocks.crop(x, shape[:-1])


def _start(x: Any, size: tuple[int, ...], width: int, style: Style) -> Any:
    """A latent as the smallest map.

    Where labels scale its channels, each position has a bias: what they scale would else have the
    mean 0 everywhere, and no class a picture of its own.
    """
    bias = {"use_bias": True} if style.normalization == "conditional" else {}
    x = style.dense(math.prod(size) * width, **bias)(x)
    return style.finish(layers.Reshape((*size, x.shape[-1] // math.prod(size)))(x))
