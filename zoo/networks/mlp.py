"""Fully connected networks, for vectors and for data of any other shape, flattened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from keras import layers

from zoo.networks.style import Style

FLAT = True  # reads vectors
MAPS = False  # makes vectors


@dataclass(frozen=True)
class Options(Style):
    """Widths double from the code to the data."""

    width: Any = 256


def down(x: Any, style: Style) -> Any:
    """Fully connected layers, the widest next to the data."""
    for units in _widths(style):
        x = style.finish(style.dense(units)(x))
    return x


def up(x: Any, shape: tuple[int, ...], style: Style) -> Any:
    """The mirror image of `down`, and a linear layer."""
    for units in reversed(_widths(style)):
        x = style.finish(style.dense(units)(x))
    x = style.dense(math.prod(shape), plain=True)(x)
    return layers.Reshape(shape)(x) if len(shape) > 1 else x


def _widths(style: Style) -> list[int]:
    """From the data to the code."""
    if not isinstance(style.width, int):
        return style.widths(0)
    depth = 2 if style.depth is None else style.depth
    return style.widths(depth)[::-1]
