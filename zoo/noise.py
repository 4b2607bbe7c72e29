"""Random inputs of a model, drawn with NumPy so that every backend sees the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True)
class Noise:
    """A distribution and the shape of one sample of it, without the batch dimension."""

    distribution: Literal["normal", "uniform", "in_turn"]
    shape: tuple[int, ...]
    low: float = 0.0
    high: float = 1.0
    size: int | None = None

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Draws `count` samples: float32 `(count, *shape)`."""
        size = (count, *self.shape)
        if self.distribution == "normal":
            return rng.standard_normal(size, dtype=np.float32)
        if self.distribution == "in_turn":
            return (np.arange(count) % self.size).astype("int32")
        unit = rng.random(size, dtype=np.float32)
        return np.float32(self.low) + np.float32(self.high - self.low) * unit

    def to_config(self) -> dict[str, Any]:
        """Describes the noise in JSON terms."""
        config: dict[str, Any] = {"distribution": self.distribution, "shape": list(self.shape)}
        if self.distribution == "uniform":
            config |= {"low": self.low, "high": self.high}
        if self.distribution == "in_turn":
            config |= {"size": self.size}
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Noise:
        """The noise that `to_config` described."""
        return cls(**{**config, "shape": tuple(config["shape"])})


def normal(*shape: int) -> Noise:
    """Standard normal noise of the given shape."""
    return Noise("normal", shape)


def uniform(*shape: int, low: float = 0.0, high: float = 1.0) -> Noise:
    """Uniform noise on `[low, high)` of the given shape."""
    return Noise("uniform", shape, low, high)


def in_turn(size: int) -> Noise:
    """The indices 0 … `size − 1` in turn, without chance."""
    return Noise("in_turn", (), size=size)


def draw_all(
    noises: Mapping[str, Noise], rng: np.random.Generator, count: int
) -> dict[str, np.ndarray]:
    """Draws every noise in the mapping's order: name → float32 `(count, *shape)`."""
    return {name: noise.draw(rng, count) for name, noise in noises.items()}
