"""R3GAN's networks: residual blocks of grouped convolutions, by default without normalization.

Source: Huang et al., 2025, arXiv:2501.05441, section 4, and the authors' code, whose widths at
64×64 are (384, 768, 768, 768, 768) from the data on. Odd sizes are rounded up on the way down and
cropped on the way up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras import initializers, layers

from zoo.errors import ModelError
from zoo.layers import Basis
from zoo.networks import blocks, resampling
from zoo.networks.style import Style

FLAT = False
MAPS = False
PLAIN = initializers.VarianceScaling(1.0, "fan_in", "untruncated_normal", seed=0)
"""N(0, 1/inputs)."""
GAIN = math.sqrt(2 / (1 + 0.2**2))
"""Of leaky ReLU."""


@dataclass(frozen=True)
class Options(Style):
    """One width for all maps, or one for each, from the data on.

    Attributes:
        blocks: Residual blocks at each size.
        expansion: How many times more channels there are within a block.
        group: Channels of each group of a block's convolution, as far as they divide it.
        deviation: Whether the way down adds the standard deviation over the batch, which the paper
            does not.
        discrimination: Features that the way down adds of how near the rows of a batch are to each
            other, which the paper does not; 0 for none.
    """

    width: int | Sequence[int] = 128
    kernel: int = 3
    activation: str = "leaky_relu"
    kernel_initializer: Any = PLAIN
    blocks: int = 2
    expansion: int = 2
    group: int = 16
    deviation: bool = False
    discrimination: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.blocks, self.expansion, self.group) < 1:
            raise ModelError(
                "blocks, expansion and group are whole numbers from 1. Received: "
                f"blocks={self.blocks}, expansion={self.expansion}, group={self.group}"
            )


def down(x: Any, style: Options) -> Any:
    """Blocks at each size, halvings between them, and a learned weighting of the smallest map."""
    rank = len(x.shape) - 2
    sizes, widths = _plan(x.shape[1:], style)
    x = style.convolution(rank, widths[0], 1, plain=True, use_bias=False)(x)
    for level in range(len(sizes)):
        if level > 0:
            x = _resized(resampling.halved(rank, x), widths[level], style)
        x = _stage(x, len(sizes), style)
    kind = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)[rank - 1]
    normal = initializers.RandomNormal(stddev=1 / math.sqrt(math.prod(sizes[-1])), seed=0)
    size = sizes[-1][0] if rank == 1 else sizes[-1]
    weigh = style.kept(lambda: kind(size, use_bias=False, depthwise_initializer=normal))
    return blocks.compare_rows(layers.Flatten()(weigh(blocks.deviate(x, style))), style)


def up(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """A learned map scaled by the latent, blocks at each size, and doublings between them."""
    rank = len(shape) - 1
    sizes, widths = _plan(shape, style)
    x = style.dense(widths[-1], plain=True, use_bias=False)(x)
    x = style.kept(lambda: Basis(sizes[-1]))(x)
    for level in range(len(sizes) - 1, -1, -1):
        if level < len(sizes) - 1:
            x = blocks.crop(
                resampling.doubled(rank, _resized(x, widths[level], style)), sizes[level]
            )
        x = _stage(x, len(sizes), style)
    return style.convolution(rank, shape[-1], 1, plain=True, use_bias=False)(x)


def _plan(shape: Sequence[int], style: Options) -> tuple[list[tuple[int, ...]], list[int]]:
    """The sizes of the maps from the data on, and their widths."""
    sizes = blocks.downsampled_sizes(shape, style.halvings)
    return sizes, style.widths(len(sizes), 1)


def _stage(x: Any, stages: int, style: Options) -> Any:
    """The blocks of one size; each begins as the identity."""
    rank = len(x.shape) - 2
    channels = x.shape[-1]
    wide = channels * style.expansion
    groups = math.gcd(wide, max(1, wide // style.group))
    gain = GAIN * (stages * style.blocks) ** -0.25
    own = style.kernel_initializer is not PLAIN
    start = style.kernel_initializer if own else _scaled(gain)
    for _ in range(style.blocks):
        y = style.convolution(rank, wide, 1, kernel_initializer=start)(x)
        y = style.convolution(rank, wide, padding="same", groups=groups, kernel_initializer=start)(
            style.finish(y)
        )
        y = style.convolution(
            rank, channels, 1, plain=True, use_bias=False, kernel_initializer="zeros"
        )(style.finish(y))
        x = layers.Add()([x, y])
    return x


def _scaled(gain: float) -> Any:
    """N(0, gain²/inputs)."""
    return initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal", seed=0)


def _resized(x: Any, width: int, style: Options) -> Any:
    """A map with another number of channels, where it has not that many."""
    if x.shape[-1] == width:
        return x
    rank = len(x.shape) - 2
    return style.convolution(rank, width, 1, plain=True, use_bias=False)(x)
