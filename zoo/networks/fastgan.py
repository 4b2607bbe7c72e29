"""FastGAN's networks: small maps excite large ones, and blocks of the discriminator are averaged.

Source: Liu et al., 2021, arXiv:2101.04775, section 3, and the authors' code. At 256×256 its widths
from the data on are (32, 64, 128, 128, 256, 512, 1024) in the generator. Every kernel is spectrally
normalized, doublings repeat values, and units are gated. Odd sizes are rounded up on the way down
and cropped on the way up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from zoo.networks import blocks
from zoo.networks.style import Style

FLAT = False
MAPS = False
MAX_GROWTH = 8
"""Widths double up to this multiple of the first."""
REACH = 4
"""How often an exciting map is halved more than the excited one, as far as there are so many."""
MAP = "map_of_level_"
"""Begins the names of the layers that end with a map of the discriminator."""
LARGEST_EXCITING = 32
"""The largest size of a map that excites another."""


@dataclass(frozen=True)
class Options(Style):
    """Widths double away from the data, or one for each map, from the data on.

    `activation` is the discriminator's; the generator is gated.

    Attributes:
        deviation: Whether the way down adds the standard deviation over the batch, which the paper
            does not.
        discrimination: Features that the way down adds of how near the rows of a batch are to each
            other, which the paper does not; 0 for none.
    """

    width: int | Sequence[int] = 16
    kernel: int = 3
    activation: str = "leaky_relu"
    normalization: str | None = "batch"
    spectral: bool = True
    deviation: bool = False
    discrimination: int = 0


def up(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """Doublings, of which every other one has a second convolution, and excitations."""
    rank, (sizes, widths) = len(shape) - 1, _plan(shape, style)
    deepest = len(sizes) - 1
    x = style.dense(2 * math.prod(sizes[-1]) * widths[-1], plain=True, use_bias=False)(x)
    x = gated(style.normalize(layers.Reshape((*sizes[-1], 2 * widths[-1]))(x)))
    maps = {deepest: x}
    for level in range(deepest - 1, -1, -1):
        x = _doubled(x, sizes[level], widths[level], style)
        if (deepest - level) % 2:
            x = _gated_convolution(x, widths[level], style)
        exciting = level + min(REACH, deepest)
        if exciting <= deepest and max(sizes[exciting]) <= LARGEST_EXCITING:
            x = excited(x, maps[exciting], deepest - exciting, style)
        maps[level] = x
    return style.convolution(rank, shape[-1], plain=True, padding="same", use_bias=False)(x)


def down(x: Any, style: Options) -> Any:
    """Halvings, each the mean of two ways, then a convolution of 1, flattened.

    `maps_of` finds the maps. The deviation stands behind the last normalization, which would
    subtract it.
    """
    rank, (_, widths) = len(x.shape) - 2, _plan(x.shape[1:], style)
    x = _named(style.finish(_convolution(x, widths[0], 3, style), normalized=False), 0)
    for level, width in enumerate(widths[1:], start=1):
        main = style.finish(_convolution(x, width, 4, style, strides=2))
        main = style.finish(_convolution(main, width, 3, style))
        pooled = (layers.AveragePooling1D, layers.AveragePooling2D)[rank - 1](2, padding="same")(x)
        direct = style.finish(_convolution(pooled, width, 1, style))
        x = _named(layers.Average()([main, direct]), level)
    x = blocks.deviate(style.finish(_convolution(x, 2 * widths[-1], 1, style)), style)
    return blocks.compare_rows(layers.Flatten()(x), style)


def decoded(x: Any, sizes: Sequence[tuple[int, ...]], channels: int, style: Options) -> Any:
    """A map as a small image: a doubling to each size, and a last convolution.

    Args:
        x: `(batch, …, channels)`.
        sizes: Of the maps, in order; none for the size of x.
        channels: Of the image.
        style: Of the layers; the last doubling has its width.
    """
    width = style.width if isinstance(style.width, int) else style.width[0]
    for level, size in enumerate(sizes):
        x = _doubled(x, size, width * min(2 ** (len(sizes) - 1 - level), MAX_GROWTH), style)
    rank = len(x.shape) - 2
    return style.convolution(rank, channels, 3, plain=True, padding="same", use_bias=False)(x)


def excited(x: Any, small: Any, halvings: int, style: Options) -> Any:
    """A map whose channels a smaller map scales: x·σ(W₂ silu(W₁ small)) (equation 1).

    W₁ is a convolution as large as the smallest map, of the small map brought down to that size.

    Args:
        x: The large map.
        small: The small map.
        halvings: How often it is halved.
        style: Of the layers.
    """
    rank, channels = len(x.shape) - 2, x.shape[-1]
    if halvings:
        kind = (layers.AveragePooling1D, layers.AveragePooling2D)[rank - 1]
        small = kind(2**halvings, padding="same")(small)
    y = style.dense(channels, plain=True, use_bias=False)(layers.Flatten()(small))
    y = blocks.activate(y, "silu")
    y = ops.sigmoid(style.dense(channels, plain=True, use_bias=False)(y))
    return x * layers.Reshape((*[1] * rank, channels))(y)


def gated(x: Any) -> Any:
    """The first half of the channels times the sigmoid of the second (arXiv:1612.08083)."""
    half = x.shape[-1] // 2
    return x[..., :half] * ops.sigmoid(x[..., half:])


def maps_of(network: keras.Model) -> list[Any]:
    """The maps of a discriminator from the data on; none of another family's."""
    named = {x.name: x.output for x in network.layers if x.name.startswith(MAP)}
    return [named[f"{MAP}{level}"] for level in range(len(named))]


def _plan(shape: Sequence[int], style: Options) -> tuple[list[tuple[int, ...]], list[int]]:
    """The sizes of the maps from the data on, and their widths."""
    sizes = blocks.downsampled_sizes(shape, style.halvings)
    return sizes, style.widths(len(sizes), MAX_GROWTH)


def _convolution(x: Any, width: int, kernel: int, style: Options, **options: Any) -> Any:
    rank = len(x.shape) - 2
    return style.convolution(rank, width, kernel, padding="same", use_bias=False, **options)(x)


def _gated_convolution(x: Any, width: int, style: Options) -> Any:
    return gated(style.normalize(_convolution(x, 2 * width, style.kernel, style, plain=True)))


def _doubled(x: Any, size: tuple[int, ...], width: int, style: Options) -> Any:
    """A map of double the size, cropped."""
    grown = (layers.UpSampling1D, layers.UpSampling2D)[len(size) - 1](2)(x)
    return _gated_convolution(blocks.crop(grown, size), width, style)


def _named(x: Any, level: int) -> Any:
    return layers.Activation("linear", name=f"{MAP}{level}")(x)
