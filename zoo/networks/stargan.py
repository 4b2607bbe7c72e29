"""StarGAN's networks: CycleGAN's translator without reflections, and a critic of halvings alone.

Source: Choi et al., 2017, arXiv:1711.09020, tables 4 and 5. At 128×128 the paper has the width 64
and, in the critic, six halvings. Instance normalization undoes a label's planes but for the zeros
at a map's edges, so that a reflected map would not know its label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from zoo.networks import blocks, cyclegan

FLAT = False
MAPS = True
HEAD = 3
"""Size of the kernels of the outputs."""


@dataclass(frozen=True)
class Options(cyclegan.Options):
    """Widths double away from the data."""

    slope: ClassVar[float] = 0.01
    width: int | Sequence[int] = 64
    blocks: int = 6
    resampling: int = 4
    reflected: bool = False


across = cyclegan.across


def down(x: Any, style: Options) -> Any:
    """Convolutions of stride 2, of kernels of the size `resampling`."""
    rank = len(x.shape) - 2
    levels = len(blocks.downsampled_sizes(x.shape[1:], style.layer_count)) - 1
    for width in style.widths(levels):
        x = style.convolution(rank, width, style.resampling, strides=2, padding="same")(x)
        x = style.finish(x)
    return x
