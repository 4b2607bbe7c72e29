"""Corruptions of data: parts without weights, and the same formulas for arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from zoo.noise import Noise, bernoulli, normal, uniform

if TYPE_CHECKING:
    import keras

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
    import keras

    low, high = value_range or (0.0, 1.0)

    data, drawn = keras.Input(tuple(shape), name="data"), keras.Input(tuple(shape), name="noise")
    outputs = {"corrupted": _corrupted(kind, level, data, drawn, low, high, keras.ops)}
    return keras.Model({"data": data, "noise": drawn}, outputs, name="corrupter")


def corrupted(
    kind: Kind,
    level: float,
    data: np.ndarray,
    value_range: Sequence[float] | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """Arrays corrupted as `corrupter` corrupts them, by noise of a generator."""
    drawn = noise(kind, level, data.shape[1:]).draw(rng, len(data))
    low, high = value_range or (0.0, 1.0)
    return np.asarray(_corrupted(kind, level, data, drawn, low, high, np), dtype=data.dtype)


def _corrupted(
    kind: Kind, level: float, data: Any, drawn: Any, low: float, high: float, xp: Any
) -> Any:
    match kind:
        case "gaussian":
            return data + level * drawn
        case "masking":
            return low + drawn * (data - low) if low else drawn * data
        case "salt_and_pepper":
            peppered = xp.where(drawn < level / 2, low, data)
            return xp.where(drawn >= 1.0 - level / 2, high, peppered)
