"""Weights as training leaves them, so that a graph without one of them differs."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def randomize_statistics(parts: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Randomizes biases, scales and moving averages in place; fresh ones are 0 and 1."""
    vectors = {id(w): w for part in parts.values() for w in part.weights if len(w.shape) == 1}
    for weight in vectors.values():
        if weight.name in ("gamma", "moving_variance"):
            value = rng.uniform(0.5, 1.5, weight.shape)
        else:
            value = 0.1 * rng.standard_normal(weight.shape)
        weight.assign(value.astype("float32"))
