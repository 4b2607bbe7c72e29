"""Corruptions of data: parts without weights that read `data` and `noise` and make `corrupted`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

from zoo.noise import Noise, bernoulli, normal, uniform

Kind = Literal["gaussian", "masking", "salt_and_pepper"]


def noise(kind: Kind, level: float, shape: Sequence[int]) -> Noise:
    """The noise of a corruption: one number for each feature.

    Args:
        kind: The corruption; see `corrupter`.
        level: The share of the features that masking sets.
        shape: Of one sample.
    """
    match kind:
        case "gaussian":
            return normal(*shape)
        case "masking":
            return bernoulli(1.0 - level, *shape)
        case "salt_and_pepper":
            return uniform(*shape)


def corrupter(
    kind: Kind, level: float, shape: Sequence[int], value_range: Sequence[float] | None
) -> keras.Model:
    """A part that corrupts each feature independently: `data` and `noise` → `corrupted`.

    Args:
        kind: `gaussian` adds level·N(0, 1), and the sum is not cut to the range; `masking` sets a
            share of the features to the lowest value; `salt_and_pepper` sets a share to the lowest
            or the highest value, each as likely.
        level: Standard deviation, or share of the features.
        shape: Of one sample.
        value_range: The lowest and the highest value; None for 0 and 1.
    """
    low, high = value_range or (0.0, 1.0)
    data, drawn = keras.Input(tuple(shape), name="data"), keras.Input(tuple(shape), name="noise")
    outputs = {"corrupted": _corrupted(kind, level, data, drawn, low, high)}
    return keras.Model({"data": data, "noise": drawn}, outputs, name="corrupter")


def _corrupted(kind: Kind, level: float, data: Any, drawn: Any, low: float, high: float) -> Any:
    match kind:
        case "gaussian":
            return data + level * drawn
        case "masking":
            return low + drawn * (data - low) if low else drawn * data
        case "salt_and_pepper":
            peppered = ops.where(drawn < level / 2, low, data)
            return ops.where(drawn >= 1.0 - level / 2, high, peppered)
