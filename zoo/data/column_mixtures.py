"""What a model of tables measures in the training data: modes of numbers, counts of categories."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.data.standardization import pieces

ROWS = 10_000
"""Rows that mixtures are fitted to, evenly spaced."""
LEAST = 0.005
"""The weight that a mode has more of, else it is left out, as in the authors' code."""
CONCENTRATION = 0.001
"""Of the mixture's Dirichlet process, as in the authors' code."""


def all_rows(data: Any) -> np.ndarray:
    """Every row of `Data`, or of a stream that ends: `(count, features)`."""
    return np.concatenate([np.asarray(piece) for piece in pieces(data)])


def fit_modes(numbers: np.ndarray, modes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, means and standard deviations, each `(columns, modes)`, of a mixture per column.

    Variational mixtures of at most so many normal distributions (Xu et al., 2019,
    arXiv:1907.00503, section 4.2). Modes that a column does not have come last, with the weight 0.

    Args:
        numbers: `(count, columns)`.
        modes: How many at most.
    """
    shape = numbers.shape[1], modes
    weights, means, stddevs = np.zeros(shape), np.zeros(shape), np.ones(shape)
    rows = np.linspace(0, len(numbers) - 1, min(len(numbers), ROWS)).astype(int)
    for column, values in enumerate(numbers[rows].astype(np.float64).T):
        found = _mixture(values[:, None], modes)
        kept = np.flatnonzero(found.weights_ > LEAST)
        weights[column, : len(kept)] = found.weights_[kept] / found.weights_[kept].sum()
        means[column, : len(kept)] = found.means_[kept, 0]
        stddevs[column, : len(kept)] = np.sqrt(found.covariances_[kept, 0, 0])
    return weights, means, stddevs


def _mixture(values: np.ndarray, modes: int) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import BayesianGaussianMixture

    mixture = BayesianGaussianMixture(
        n_components=min(modes, len(np.unique(values))),
        weight_concentration_prior_type="dirichlet_process",
        weight_concentration_prior=CONCENTRATION,
        random_state=0,
    )
    with warnings.catch_warnings():
        # 100 iterations place the modes, whether the bound still rises or not.
        warnings.simplefilter("ignore", ConvergenceWarning)
        # One value alone has no spread, which is no mistake of a constant column.
        return mixture.fit(np.repeat(values, 2, axis=0) if len(values) < 2 else values)


def log_frequency(counts: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """How often each row of a category is drawn where its logarithm decides: `(categories,)`.

    A column is drawn, each as likely as the others, then one of its categories with a probability
    in proportion to log(count + 1), then one of the rows that have it (arXiv:1907.00503,
    section 4.3). The sum of a row's numbers is in proportion to how likely that row is; the
    column's is its share in that.

    Args:
        counts: Rows of each category, column after column.
        sizes: How many categories each column has.
    """
    counts = np.asarray(counts, np.float64)
    found = np.zeros_like(counts)
    ends = np.cumsum(sizes)
    for size, end in zip(sizes, ends, strict=True):
        block = counts[end - size : end]
        logs = np.log(block + 1)
        share = logs / max(logs.sum(), np.finfo(float).tiny)
        found[end - size : end] = share / np.maximum(block, 1) / len(sizes)
    return found
