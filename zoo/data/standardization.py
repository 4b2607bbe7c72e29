"""Features brought to mean 0 and standard deviation 1, and back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.errors import DataError

ROWS = 8192
"""Rows that are read at once."""


@dataclass(frozen=True, eq=False)
class Standardization:
    """`(x - mean) / stddev` along the last axis, and its inverse; float64 inside.

    Attributes:
        mean: Float64 `(features,)`.
        stddev: Float64 `(features,)`, positive; 1 where the data are constant.
    """

    mean: np.ndarray
    stddev: np.ndarray

    def __post_init__(self) -> None:
        for name in ("mean", "stddev"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float64))
        fits = self.mean.ndim == 1 and self.mean.shape == self.stddev.shape
        if not fits or not np.isfinite(self.mean).all() or not self._positive():
            raise DataError(
                "A standardization has one finite mean and one positive standard deviation per "
                f"feature. Received: {self.mean.tolist()} and {self.stddev.tolist()}."
            )

    def _positive(self) -> bool:
        return bool((np.isfinite(self.stddev) & (self.stddev > 0)).all())

    @classmethod
    def fit(cls, data: Any) -> "Standardization":
        """Measures training data, in bounded pieces.

        Constant features, and one-hot columns of tables, are left at their scale: their standard
        deviation is 1, and the latter's mean 0.

        Args:
            data: `Data`, a `Stream` that ends, or an array `(count, …, features)`.
        """
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler()
        for piece in pieces(data):
            scaler.partial_fit(piece.astype(np.float64).reshape(-1, piece.shape[-1]))
        mean, stddev = scaler.mean_.copy(), scaler.scale_.copy()
        indicators = list(data.fields["data"].indicators) if hasattr(data, "fields") else []
        mean[indicators], stddev[indicators] = 0.0, 1.0
        return cls(mean, stddev)

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Returns float32 values of mean 0 and standard deviation 1."""
        return ((np.asarray(values, np.float64) - self.mean) / self.stddev).astype(np.float32)

    def undo(self, values: np.ndarray) -> np.ndarray:
        """Returns float32 values in the units of the data."""
        return (np.asarray(values, np.float64) * self.stddev + self.mean).astype(np.float32)

    def to_config(self) -> dict[str, list[float]]:
        """JSON-able record; `from_config` gives back the same bits."""
        return {"mean": self.mean.tolist(), "stddev": self.stddev.tolist()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Standardization":
        """The record that `to_config` described.

        Raises:
            DataError: The description is not one.
        """
        try:
            return cls(config["mean"], config["stddev"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"A standardization is a mean and a stddev. Received: {config!r}."
            ) from error


def pieces(data: Any) -> Iterator[np.ndarray]:
    """The stored values of data, or the batches of a stream, in pieces of bounded size."""
    if hasattr(data, "elements"):
        return (element["data"] for element in data.elements())
    values = np.asarray(data) if not hasattr(data, "samples") else data.samples
    return (values[start : start + ROWS] for start in range(0, len(values), ROWS))
