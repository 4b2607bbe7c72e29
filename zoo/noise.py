"""Random inputs of a model, drawn with NumPy so that every backend sees the same numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

from zoo.errors import ModelError

Distribution = Literal[
    "normal",
    "cut_normal",
    "uniform",
    "quantile",
    "categorical",
    "bernoulli",
    "in_turn",
    "truncation",
]

PARAMETERS: dict[str, tuple[str, ...]] = {
    "normal": (),
    "cut_normal": (),
    "uniform": ("low", "high"),
    "quantile": (),
    "categorical": ("size",),
    "bernoulli": ("probability",),
    "in_turn": ("size",),
    "truncation": (),
}
"""The parameters that describe each distribution."""
CUT = 2.0
"""Where a `cut_normal` of the truncation 1 would end, in standard deviations."""
SMALLEST_SHARE = 1e-16
"""Quantiles at 0 and 1, of values that a double's distribution function rounds, are infinite."""


@dataclass(frozen=True)
class Noise:
    """A distribution and the shape of one sample of it, without the batch dimension.

    Attributes:
        distribution: `normal` (standard), `cut_normal` (standard, whose truncation cuts it, see
            `cut`), `uniform` on `[low, high)`, `quantile` (on `[0, 1)`, what
            chooses among tokens or classes: never mixed or truncated), `categorical` (indices below
            `size`, all equally likely), `bernoulli` (1 with the probability, else 0),
            `in_turn` (0, 1, … `size - 1`, 0, …: nothing is drawn), or `truncation` (the factor of
            the truncation, else 1: nothing is drawn).
        shape: Of one sample.
        low: The smallest value of a uniform distribution.
        high: The bound of a uniform distribution.
        size: How many values a categorical distribution has.
        probability: Of a 1.
    """

    distribution: Distribution
    shape: tuple[int, ...] = ()
    low: float = 0.0
    high: float = 1.0
    size: int = 0
    probability: float = 0.5

    def __post_init__(self) -> None:
        if self.distribution not in PARAMETERS:
            raise ModelError(
                f"A distribution is one of {', '.join(PARAMETERS)}. Received: {self.distribution!r}"
            )
        if "size" in PARAMETERS[self.distribution] and self.size < 1:
            raise ModelError(f"{self.distribution} has at least 1 value. Received: {self.size}")
        if not 0 <= self.probability <= 1:
            raise ModelError(f"A probability is from 0 to 1. Received: {self.probability}")

    @property
    def dtype(self) -> str:
        """`int32` of indices, else `float32`."""
        return "int32" if "size" in PARAMETERS[self.distribution] else "float32"

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Draws `count` samples: `(count, *shape)` of `dtype`."""
        size = (count, *self.shape)
        match self.distribution:
            case "normal" | "cut_normal":
                return rng.standard_normal(size, dtype=np.float32)
            case "categorical":
                return rng.integers(self.size, size=size, dtype=np.int32)
            case "bernoulli":
                return (rng.random(size, dtype=np.float32) < self.probability).astype(np.float32)
            case "in_turn":
                turns = np.arange(count, dtype=np.int32) % np.int32(self.size)
                rows = turns.reshape(count, *(1 for _ in self.shape))
                return np.broadcast_to(rows, size).copy()
            case "truncation":
                return np.ones(size, "float32")
        unit = rng.random(size, dtype=np.float32)
        return np.float32(self.low) + np.float32(self.high - self.low) * unit

    def truncated(self, values: np.ndarray, factor: float) -> np.ndarray:
        """Draws with their distance from the mean scaled, or cut; choices and masks as they are."""
        match self.distribution:
            case "cut_normal":
                return cut(values, CUT * factor)
            case "normal" | "truncation":
                return values * np.float32(factor)
            case "uniform":
                mean = np.float32(0.5 * (self.low + self.high))
                return mean + np.float32(factor) * (values - mean)
        return values

    def to_config(self) -> dict[str, Any]:
        """Describes the noise in JSON terms."""
        config: dict[str, Any] = {"distribution": self.distribution, "shape": list(self.shape)}
        return config | {name: getattr(self, name) for name in PARAMETERS[self.distribution]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Noise:
        """The noise that JSON describes."""
        return cls(**{**config, "shape": tuple(config["shape"])})


def normal(*shape: int) -> Noise:
    """Standard normal noise of the given shape."""
    return Noise("normal", shape)


def cut_normal(*shape: int) -> Noise:
    """Standard normal noise that a truncation cuts in the place of scaling it."""
    return Noise("cut_normal", shape)


def uniform(*shape: int, low: float = 0.0, high: float = 1.0) -> Noise:
    """Uniform noise on `[low, high)` of the given shape."""
    return Noise("uniform", shape, low, high)


def quantile(*shape: int) -> Noise:
    """Uniform noise on `[0, 1)` that chooses by cumulated probabilities."""
    return Noise("quantile", shape)


def categorical(size: int, *shape: int) -> Noise:
    """Indices below `size`, all equally likely: int32 of the given shape."""
    return Noise("categorical", shape, size=size)


def bernoulli(probability: float, *shape: int) -> Noise:
    """Masks of the given shape: float32, 1 with the probability and else 0."""
    return Noise("bernoulli", shape, probability=probability)


def in_turn(size: int) -> Noise:
    """The indices below `size` in turn: int32 0, 1, … `size - 1`, 0 and on."""
    return Noise("in_turn", size=size)


def truncation() -> Noise:
    """The factor of the truncation, 1 where there is none, for models that truncate themselves."""
    return Noise("truncation")


def cut(values: np.ndarray, bound: float) -> np.ndarray:
    """Standard normal values at the same quantiles of the normal distribution within ±bound.

    Their distribution is that of values which are drawn again until they are within the bound
    (Brock et al., 2018, arXiv:1809.11096, section 3.1), here without further draws.
    """
    normal = NormalDist()
    outside = normal.cdf(-bound)
    quantiles = np.frompyfunc(normal.cdf, 1, 1)(values).astype("float64")
    within = np.clip(outside + quantiles * (1 - 2 * outside), SMALLEST_SHARE, 1 - SMALLEST_SHARE)
    return np.frompyfunc(normal.inv_cdf, 1, 1)(within).astype("float32")


def truncate_all(
    noises: Mapping[str, Noise], drawn: Mapping[str, np.ndarray], factor: float
) -> dict[str, np.ndarray]:
    """Draws truncated by a factor; where a model reads the factor, it alone changes."""
    reading = {name for name in drawn if noises[name].distribution == "truncation"}
    return {
        name: noises[name].truncated(values, factor) if name in (reading or drawn) else values
        for name, values in drawn.items()
    }


def draw_all(
    noises: Mapping[str, Noise],
    rng: np.random.Generator,
    count: int,
    names: Iterable[str] | None = None,
) -> dict[str, np.ndarray]:
    """Draws noises in the mapping's order: name → `(count, *shape)`.

    Args:
        noises: Name → noise.
        rng: The source of the random numbers.
        count: Samples of each.
        names: The noises that are drawn; None for all.
    """
    drawn = noises if names is None else set(names)
    return {name: noise.draw(rng, count) for name, noise in noises.items() if name in drawn}
