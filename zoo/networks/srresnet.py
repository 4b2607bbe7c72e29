"""SRGAN's generator: residual blocks at the small size, then doublings.

Source: Ledig et al., 2016, arXiv:1609.04802, figure 4. A doubling is a transposed convolution of
stride 2 with a kernel of 6, which computes what the paper's sub-pixel convolution of 3 with four
times the channels does (Shi et al., 2016, arXiv:1609.07009).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import layers

from zoo.errors import ModelError
from zoo.networks import blocks
from zoo.networks.style import Style

FLAT = False
MAPS = True
OUTER = 9
"""Size of the first kernels and the last."""
DOUBLING = 6
"""Size of the kernels that double."""


@dataclass(frozen=True)
class Options(Style):
    """Every layer has the same width.

    Attributes:
        blocks: How many residual blocks there are; the paper has 16.
    """

    width: Any = 64
    kernel: int = 3
    activation: str = "prelu"
    normalization: str | None = "batch"
    blocks: int = 16


def across(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """Data as larger ones; sizes that are no whole multiples are cropped.

    Raises:
        ModelError: The size is no power of two times as large, rounded up.
    """
    rank, width = len(x.shape) - 2, blocks.single_width(style)
    sizes = _sizes(tuple(x.shape[1:-1]), shape[:-1])
    x = style.convolution(rank, width, OUTER, padding="same", use_bias=True)(x)
    x = first = style.finish(x, normalized=False)
    for _ in range(style.blocks):
        y = style.finish(style.convolution(rank, width, padding="same")(x))
        y = style.normalize(style.convolution(rank, width, padding="same")(y))
        x = layers.Add()([x, y])
    x = style.normalize(style.convolution(rank, width, padding="same")(x))
    x = layers.Add()([x, first])
    for size in sizes:
        x = style.transposed(rank, width, DOUBLING, strides=2, padding="same", use_bias=True)(x)
        x = style.finish(blocks.crop(x, size), normalized=False)
    return style.convolution(rank, shape[-1], OUTER, plain=True, padding="same")(x)


def _sizes(small: tuple[int, ...], large: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The sizes after each doubling."""
    sizes = [large]
    while sizes[0] != small and min(sizes[0]) > 1:
        sizes.insert(0, tuple(-(-size // 2) for size in sizes[0]))
    if sizes[0] != small:
        raise ModelError(f"srresnet doubles sizes. Received: {small} and {large}")
    return sizes[1:]
