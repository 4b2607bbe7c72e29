"""pix2pix's translator: a way down and a way up, with shortcuts between maps of one size.

Source: Isola et al., 2016, arXiv:1611.07004, section 6.1.1. The paper halves the size until it is
1; here it stays at 4 or more by default. The first map and the smallest are not normalized, and as
in the authors' code they have no biases where the others' would cancel. Odd sizes are rounded up on
the way down and cropped on the way up.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from keras import layers

from zoo.networks import blocks
from zoo.networks.style import Style

FLAT = False
MAPS = True
MAX_GROWTH = 8
"""Widths double up to this multiple of the first."""
DROPPED = 8
"""Maps of the way up of at most this size drop units: the paper's have the sizes 2, 4 and 8."""


@dataclass(frozen=True)
class Options(Style):
    """Widths double away from the data; the way down has leaky ReLU whatever the activation."""


def across(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """Data as other data of the same size.

    Raises:
        ModelError: The sizes differ.
    """
    rank = len(x.shape) - 2
    blocks.check_same_size("unet", x, shape)
    sizes = blocks.downsampled_sizes(shape, style.layer_count)
    widths = style.widths(len(sizes) - 1, MAX_GROWTH)
    falling = dataclasses.replace(style, activation="leaky_relu", dropout=0.0)
    maps = []
    for level, width in enumerate(widths):
        x = falling.convolution(rank, width, strides=2, padding="same")(x)
        x = falling.finish(x, normalized=0 < level < len(widths) - 1)
        maps.append(x)
    keeping = dataclasses.replace(style, dropout=0.0)
    for level in range(len(widths) - 1, 0, -1):
        x = style.transposed(rank, widths[level - 1], strides=2, padding="same")(x)
        rising = style if max(sizes[level]) <= DROPPED else keeping
        x = rising.finish(blocks.crop(x, sizes[level]))
        x = layers.Concatenate()([x, maps[level - 1]])
    strides = 2 if widths else 1
    x = style.transposed(rank, shape[-1], plain=True, strides=strides, padding="same")(x)
    return blocks.crop(x, shape[:-1])
