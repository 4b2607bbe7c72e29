"""Fully connected networks, for vectors and for data of any other shape, flattened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from keras import layers

from zoo.networks import blocks
from zoo.networks.style import Style

FLAT = True  # reads vectors
MAPS = False  # makes vectors


@dataclass(frozen=True)
class Options(Style):
    """Widths double from the code to the data.

    Attributes:
        concatenated: Whether what each layer towards the data reads stands beside what it makes.
        deviation: Whether the way down adds the standard deviation over the batch.
        discrimination: Features that the way down adds of how near the rows of a batch are to each
            other; 0 for none.
    """

    width: Any = 256
    concatenated: bool = False
    deviation: bool = False
    discrimination: int = 0


def down(x: Any, style: Options) -> Any:
    """Fully connected layers, the widest next to the data."""
    for units in _widths(style):
        x = style.finish(style.dense(units)(x))
    return blocks.compare_rows(blocks.deviate(x, style), style)


def up(x: Any, shape: tuple[int, ...], style: Options) -> Any:
    """The mirror image of `down`, and a linear layer."""
    for units in reversed(_widths(style)):
        made = style.finish(style.dense(units)(x))
        x = layers.Concatenate()([made, x]) if style.concatenated else made
    x = style.dense(math.prod(shape), plain=True)(x)
    return layers.Reshape(shape)(x) if len(shape) > 1 else x


def _widths(style: Style) -> list[int]:
    """From the data to the code."""
    if not isinstance(style.width, int):
        return style.widths(0)
    depth = 2 if style.depth is None else style.depth
    return style.widths(depth)[::-1]
