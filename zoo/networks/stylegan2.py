"""StyleGAN2's networks: a skip generator that styles scale, and a residual discriminator.

Source: Karras et al., 2019, arXiv:1912.04958, and the authors' code, whose widths at 1024×1024 are
32 next to the data and at most 512 (configuration F). Odd sizes are rounded up on the way down and
cropped on the way up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras import initializers, layers, ops

from zoo import layers as own
from zoo.errors import ModelError
from zoo.networks import blocks, resampling
from zoo.networks.style import Style

FLAT = False
MAPS = False
EQUALIZED: dict[str, dict[int, Any]] = {
    "dense": {0: own.EqualizedDense},
    "convolution": {1: own.EqualizedConv1D, 2: own.EqualizedConv2D},
}
NORMAL = initializers.RandomNormal(stddev=1.0, seed=0)
GAIN = math.sqrt(2)
"""Of each activation, which keeps the variance of what rectifiers halve."""
SLOW = 0.01
"""Factor on the learning rate of the mapping network."""


@dataclass(frozen=True)
class Options(Style):
    """Widths double away from the data, up to the widest.

    Attributes:
        widest: The most channels of a map.
        mapping_layers: Fully connected layers from latent to style.
        deviation: Whether the way down adds the standard deviation over the batch.
    """

    width: int = 32
    kernel: int = 3
    activation: str = "leaky_relu"
    kernel_initializer: Any = NORMAL
    widest: int = 512
    mapping_layers: int = 8
    deviation: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        blocks.single_width(self)
        if self.normalization or self.spectral or self.kernel != 3 or self._pieces > 1:
            raise ModelError(
                "The kernels of stylegan2 are equalized and of size 3, without a normalization or "
                f"maxout. Received: normalization={self.normalization!r}, "
                f"spectral={self.spectral}, kernel={self.kernel}, activation={self.activation!r}"
            )
        if min(self.widest, self.mapping_layers) < 1:
            raise ModelError(
                "widest and mapping_layers are whole numbers from 1. Received: "
                f"widest={self.widest}, mapping_layers={self.mapping_layers}"
            )

    def _layer(
        self, kind: str, rank: int, units: int, *sizes: int, plain: bool = False, **options: Any
    ) -> Any:
        make = EQUALIZED[kind][rank]
        own_start = self.kernel_initializer is not NORMAL
        chosen = {"kernel_initializer": self.kernel_initializer} if own_start else {}
        return self.kept(lambda: make(units, *sizes, **chosen | options))

    def finish(self, x: Any, *, normalized: bool = True) -> Any:
        """The activation, and its gain."""
        return super().finish(x, normalized=False) * GAIN


def down(x: Any, style: Options) -> Any:
    """Residual blocks, each of which halves the size, and a fully connected layer."""
    rank = len(x.shape) - 2
    sizes, widths = plan(x.shape[1:], style)
    x = style.finish(style.convolution(rank, widths[0], 1)(x))
    for width in widths[1:]:
        odd = [size % 2 for size in x.shape[1:-1]]
        y = style.finish(style.convolution(rank, x.shape[-1], padding="same")(x))
        y = own.Blur([(2, 2 + extra) for extra in odd])(y)
        y = style.finish(style.convolution(rank, width, strides=2)(y))
        shortcut = style.convolution(rank, width, 1, use_bias=False)(resampling.halved(rank, x))
        x = (y + shortcut) / math.sqrt(2)
    if style.deviation:
        x = own.MinibatchDeviation()(x)
    x = style.finish(style.convolution(rank, widths[-1], padding="same")(x))
    return style.finish(style.dense(widths[-1])(layers.Flatten()(x)))


def up(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """The generator without noise: the latent's style at every layer."""
    found = mapped(x, style)
    return synthesized([found] * number_of_styles(shape, style), None, shape, style)


def plan(shape: Sequence[int], style: Options) -> tuple[list[tuple[int, ...]], list[int]]:
    """The sizes of the maps from the data on, and their widths."""
    sizes = blocks.downsampled_sizes(shape, style.depth)
    widths = [min(style.width * 2**level, style.widest) for level in range(len(sizes))]
    return sizes, [max(style.width, width) for width in widths]


def number_of_styles(shape: Sequence[int], style: Options) -> int:
    """How many styles the generator reads: one for each convolution, and the last image's."""
    return 2 * len(plan(shape, style)[0])


def sizes_of_noise(shape: Sequence[int], style: Options) -> list[tuple[int, ...]]:
    """The sizes of the maps that noise is added to, in order."""
    smallest, *others = reversed(plan(shape, style)[0])
    return [smallest, *(size for size in others for _ in range(2))]


def normalized(x: Any) -> Any:
    """x/√mean(x²), row by row."""
    return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-8)


def mapped(latent: Any, style: Options, label: Any = None) -> Any:
    """Latents as styles of the same length.

    Args:
        latent: `(batch, units)`.
        style: With `mapping_layers`.
        label: One-hot labels `(batch, classes)`, which are embedded in as many units; or None.
    """
    units = latent.shape[-1]
    x = normalized(latent)
    if label is not None:
        x = layers.Concatenate()([x, normalized(style.dense(units)(label))])
    for _ in range(style.mapping_layers):
        x = style.finish(style.dense(units, rate=SLOW)(x))
    return x


def synthesized(
    styles: Sequence[Any], noise: Sequence[Any] | None, shape: Sequence[int], style: Options
) -> Any:
    """An image that grows with the maps: each adds its own to the doubled one before.

    Args:
        styles: As many as `number_of_styles`, `(batch, units)`; an image has the style of the
            convolution after it.
        noise: As many maps as `sizes_of_noise`, `(batch, …, 1)`; None for none.
        shape: Of the data.
        style: The options.
    """
    rank = len(shape) - 1
    sizes, widths = plan(shape, style)
    coming, maps = iter(styles), iter(noise or ())
    current = next(coming)
    ones = ops.tile(ops.ones_like(current[:, :1]), (1, widths[-1]))
    x = style.kept(lambda: own.Basis(sizes[-1]))(ones)
    image = None
    for level in range(len(sizes) - 1, -1, -1):
        doublings = (False,) if image is None else (True, False)
        for doubled in doublings:
            x = _convolved(x, current, widths[level], style, doubled=doubled)
            x = blocks.crop(x, sizes[level])
            if noise is not None:
                x = style.kept(own.ScaledNoise)([x, next(maps)])
            x = style.finish(x)
            current = next(coming)
        made = _convolved(x, current, shape[-1], style, kernel_size=1, demodulate=False)
        if image is not None:
            made = made + blocks.crop(resampling.doubled(rank, image), sizes[level])
        image = made
    return image


def _convolved(x: Any, current: Any, filters: int, style: Options, **options: Any) -> Any:
    """A convolution that a style modulates; the scales are 1 at the mean of the first styles."""
    scales = style.dense(x.shape[-1], bias_initializer="ones")(current)
    return style.kept(lambda: own.ModulatedConvolution(filters, **options))([x, scales])
