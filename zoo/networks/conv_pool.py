"""Convolutions with max-pooling down, transposed convolutions up; the code is a map.

The plan is that of Masci et al., 2011, ICANN, as in Keras's example of a convolutional autoencoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import layers

from zoo.networks import blocks
from zoo.networks.style import Style

FLAT = False
MAPS = True  # makes maps, and reads them


@dataclass(frozen=True)
class Options(Style):
    """Every layer has the same width."""

    depth: int | None = 2
    kernel: int = 3


def down(x: Any, style: Style) -> Any:
    """Convolutions, each followed by max-pooling: `(batch, *size / 2^depth, width)`."""
    rank = len(x.shape) - 2
    pool = (layers.MaxPooling1D, layers.MaxPooling2D)[rank - 1]
    for _ in blocks.downsampled_sizes(x.shape[1:], style.depth)[1:]:
        x = style.finish(style.convolution(rank, blocks.single_width(style), padding="same")(x))
        x = pool(2, padding="same")(x)
    return x


def up(x: Any, shape: tuple[int, ...], style: Style) -> Any:
    """Transposed convolutions of stride 2 and a convolution."""
    rank = len(shape) - 1
    for size in reversed(blocks.downsampled_sizes(shape, style.depth)[:-1]):
        x = style.transposed(rank, blocks.single_width(style), strides=2, padding="same")(x)
        x = style.finish(blocks.crop(x, size))
    return style.convolution(rank, shape[-1], plain=True, padding="same")(x)
