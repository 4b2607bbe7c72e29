"""CycleGAN's translator: halvings, residual blocks at the smallest size, and doublings.

Source: Zhu et al., 2017, arXiv:1703.10593, appendix 7.2, after Johnson et al., 2016,
arXiv:1603.08155. Convolutions that keep the size reflect a map at its edges. The paper has widths
from 64 on, six blocks at 128×128, nine from 256×256 on. Odd sizes are rounded up on the way down
and cropped on the way up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import layers, ops

from zoo.errors import ModelError
from zoo.networks import blocks
from zoo.networks.style import Style

FLAT = False
MAPS = True
OUTER = 7
"""Size of the first kernels and the last."""
HALVINGS = 2
"""The most halvings by default."""


@dataclass(frozen=True)
class Options(Style):
    """Widths double away from the data.

    Attributes:
        blocks: Residual blocks at the smallest size.
        resampling: Size of the kernels that halve and double.
        reflected: Whether convolutions that keep the size reflect a map at its edges; else there
            are zeros.
    """

    width: Any = 64
    kernel: int = 3
    normalization: str | None = "instance"
    blocks: int = 9
    resampling: int = 3
    reflected: bool = True


def across(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """Data as other data of the same size.

    Raises:
        ModelError: The sizes differ, or the smallest one is no larger than what is reflected.
    """
    rank = len(shape) - 1
    blocks.check_same_size("cyclegan", x, shape)
    sizes = _sizes(shape, style)
    widths = style.widths(len(sizes))
    x = style.finish(_kept(x, widths[0], OUTER, style))
    for width in widths[1:]:
        x = style.convolution(rank, width, style.resampling, strides=2, padding="same")(x)
        x = style.finish(x)
    for _ in range(style.blocks):
        y = style.finish(_kept(x, widths[-1], style.kernel, style))
        x = layers.Add()([x, style.normalize(_kept(y, widths[-1], style.kernel, style))])
    for size, width in zip(sizes[-2::-1], widths[-2::-1], strict=True):
        x = style.transposed(rank, width, style.resampling, strides=2, padding="same")(x)
        x = style.finish(blocks.crop(x, size))
    return _kept(x, shape[-1], OUTER, style, plain=True)


def _sizes(shape: tuple[int, ...], style: Options) -> list[tuple[int, ...]]:
    """The sizes from the data down to the residual blocks."""
    sizes = blocks.downsampled_sizes(shape, style.halvings)
    sizes = sizes if style.halvings is not None else sizes[: HALVINGS + 1]
    reach = style.kernel // 2
    if style.reflected and style.blocks and min(sizes[-1]) <= reach:
        raise ModelError(
            f"Residual blocks reflect {reach} from each edge of a larger map. "
            f"Received: {sizes[-1]}, {len(sizes) - 1} times halved."
        )
    return sizes


def _kept(x: Any, width: int, kernel: int, style: Options, **options: Any) -> Any:
    """A convolution that keeps the size, of a map that is reflected at its edges or not."""
    rank = len(x.shape) - 2
    if not style.reflected:
        return style.convolution(rank, width, kernel, padding="same", **options)(x)
    edges = [(0, 0), *[((kernel - 1) // 2, kernel // 2)] * rank, (0, 0)]
    x = ops.pad(x, edges, mode="reflect")
    return style.convolution(rank, width, kernel, padding="valid", **options)(x)
