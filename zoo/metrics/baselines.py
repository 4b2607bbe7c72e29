"""Trivial answers: the mean, principal components of the code's size, and repeated pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def mean_error(train: Any, test: Any) -> float:
    """The mean squared error of answering every test row with the mean of the training rows.

    Args:
        train: Arrays `(count, …)`, or `Data`, which are scaled to (0, 1) where they have bounds.
        test: The same, of other rows.
    """
    known, asked = _rows(train), _rows(test)
    return float(np.mean((asked - known.mean(axis=0)) ** 2))


def principal_components_error(train: Any, test: Any, code_dim: int) -> float:
    """The mean squared error of test rows through the first principal components of training rows.

    No linear autoencoder with a code of that length does better on the training rows (Baldi &
    Hornik, 1989, Neural Networks 2).

    Args:
        train: Arrays `(count, …)`, or `Data`, which are scaled to (0, 1) where they have bounds.
        test: The same, of other rows.
        code_dim: How many components.
    """
    from sklearn.decomposition import PCA

    known, asked = _rows(train), _rows(test)
    components = PCA(code_dim, svd_solver="covariance_eigh").fit(known)
    rebuilt = components.inverse_transform(components.transform(asked))
    return float(np.mean((asked - rebuilt) ** 2))


def enlarged(small: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Small data with every value repeated, cropped to a shape `(count, …, channels)`."""
    found = small
    for axis in range(1, small.ndim - 1):
        found = np.repeat(found, -(-shape[axis] // small.shape[axis]), axis=axis)
    return found[tuple(slice(size) for size in shape)]


def _rows(values: Any) -> np.ndarray:
    """Samples as float64 rows `(count, features)`."""
    from zoo.data import Data

    if isinstance(values, Data):
        bounds = (0.0, 1.0) if values.source_range is not None else None
        values = values.batch(np.arange(len(values)), bounds)["data"]
    return np.asarray(values, dtype="float64").reshape(len(values), -1)
