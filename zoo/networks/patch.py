"""pix2pix's discriminator: a logit for each patch of an image.

Source: Isola et al., 2016, arXiv:1611.07004, section 6.1.2: with three halvings each logit sees
70×70 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zoo.networks import blocks
from zoo.networks.style import Style

FLAT = False
MAPS = True
HEAD = 4
"""Size of the kernels of the outputs."""
MAX_GROWTH = 8
"""Widths double up to this multiple of the first."""


@dataclass(frozen=True)
class Options(Style):
    """Widths double away from the data."""

    activation: str = "leaky_relu"


def down(x: Any, style: Options) -> Any:
    """Convolutions of stride 2, the first without normalization, and one of stride 1."""
    rank = len(x.shape) - 2
    levels = len(blocks.downsampled_sizes(x.shape[1:], style.layer_count)) - 1
    for level, width in enumerate(style.widths(levels + 1, MAX_GROWTH)):
        bias = {"use_bias": True} if level == 0 else {}
        strides = 2 if level < levels else 1
        x = style.convolution(rank, width, strides=strides, padding="same", **bias)(x)
        x = style.finish(x, normalized=level > 0)
    return x
