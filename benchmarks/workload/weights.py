"""Weights of parts: randomized, and as arrays by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np


def randomize_statistics(parts: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Randomizes biases, scales and moving averages in place, as training would.

    Fresh ones are 0 and 1, so that a graph without them would still agree.
    """
    done = set()
    for part in parts.values():
        for weight in part.weights:
            if len(weight.shape) != 1 or id(weight) in done:
                continue
            done.add(id(weight))
            if weight.name in ("gamma", "moving_variance"):
                value = rng.uniform(0.5, 1.5, weight.shape)
            else:
                value = 0.1 * rng.standard_normal(weight.shape)
            weight.assign(value.astype("float32"))


def named_weights(part: Any) -> dict[str, np.ndarray]:
    """A part's weights in Keras's order and layout: `layer/weight` → array."""
    return {
        f"{layer.name}/{weight.name}": keras.ops.convert_to_numpy(weight.value)
        for layer in part._flatten_layers(include_self=False)
        for weight in layer._trainable_variables + layer._non_trainable_variables
    }
