"""Fidelity and coverage apart: which samples lie among the data, and which data among samples.

Each row has a ball that reaches to its k-th nearest neighbour among its own kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo.metrics.arrays import flat

PRECISION_NEIGHBOURS = 3
COVERAGE_NEIGHBOURS = 5


@dataclass(frozen=True)
class PrecisionRecall:
    """Shares of samples in some ball of the data, and of data in some ball of the samples."""

    precision: float
    recall: float


@dataclass(frozen=True)
class DensityCoverage:
    """In how many balls of the data a sample is, over k; and the share of balls with a sample.

    For equal distributions the density's mean is 1, and the coverage's is `expected_coverage`.
    """

    density: float
    coverage: float


def precision_recall(
    real: np.ndarray, made: np.ndarray, neighbours: int = PRECISION_NEIGHBOURS
) -> PrecisionRecall:
    """Improved precision and recall (Kynkäänniemi et al., 2019, arXiv:1904.06991).

    Args:
        real: Features of data `(count, features)`.
        made: Features of samples.
        neighbours: k; the paper's is 3.
    """
    real, made = flat(real), flat(made)
    precision = np.mean(_balls_around(made, real, neighbours) > 0)
    recall = np.mean(_balls_around(real, made, neighbours) > 0)
    return PrecisionRecall(float(precision), float(recall))


def density_coverage(
    real: np.ndarray, made: np.ndarray, neighbours: int = COVERAGE_NEIGHBOURS
) -> DensityCoverage:
    """Density and coverage (Naeem et al., 2020, arXiv:2002.09797): outliers of the data count less.

    Args:
        real: Features of data `(count, features)`.
        made: Features of samples.
        neighbours: k; the paper's is 5.
    """
    from sklearn.neighbors import NearestNeighbors

    real, made = flat(real), flat(made)
    density = np.mean(_balls_around(made, real, neighbours)) / neighbours
    nearest, _ = NearestNeighbors(n_neighbors=1).fit(made).kneighbors(real)
    coverage = np.mean(nearest[:, 0] <= _radii(real, neighbours))
    return DensityCoverage(float(density), float(coverage))


def expected_coverage(real: int, made: int, neighbours: int = COVERAGE_NEIGHBOURS) -> float:
    """The coverage's mean where samples are distributed as the data are (Naeem et al., lemma 2).

    Args:
        real: How many rows of data.
        made: How many samples.
        neighbours: k.
    """
    k = np.arange(1, neighbours + 1)
    return float(1 - np.prod((real - k) / (real + made - k)))


def _balls_around(points: np.ndarray, centres: np.ndarray, neighbours: int) -> np.ndarray:
    """In how many balls of the centres each point lies: `(points,)`."""
    from sklearn.metrics import pairwise_distances_chunked

    radii = _radii(centres, neighbours)
    found = pairwise_distances_chunked(
        points, centres, reduce_func=lambda distances, _: (distances <= radii).sum(axis=1)
    )
    return np.concatenate(list(found))


def _radii(rows: np.ndarray, neighbours: int) -> np.ndarray:
    """The distance of each row to its k-th nearest other row."""
    from sklearn.neighbors import NearestNeighbors

    distances, _ = NearestNeighbors(n_neighbors=neighbours).fit(rows).kneighbors()
    return distances[:, -1]
