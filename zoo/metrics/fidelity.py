"""How far the distribution of samples is from that of data, in some features `(count, features)`.

What a distance means depends on the features: each result is named with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo.metrics.arrays import flat

BLOCK = 1024
"""Rows of a kernel matrix that are held at once."""


@dataclass(frozen=True)
class Estimate:
    """A number and its standard error."""

    value: float
    standard_error: float


def frechet_distance(real: np.ndarray, made: np.ndarray) -> float:
    """‖μ − ν‖² + tr(A + B − 2·(A·B)^½), of the Gaussians with the features' moments.

    Dowson & Landau, 1982; for samples of images, Heusel et al., 2017, arXiv:1706.08500. It is
    biased upwards, the more the fewer rows there are: only distances of equally many rows compare.

    Args:
        real: Features of data `(count, features)`, 2 rows or more.
        made: Features of samples.
    """
    real, made = flat(real), flat(made)
    moments = [(x.mean(axis=0), np.atleast_2d(np.cov(x, rowvar=False))) for x in (real, made)]
    (mean, covariance), (other_mean, other_covariance) = moments
    # The eigenvalues of A·B are those of A^½·B·A^½, which is symmetric.
    root = _square_root(covariance)
    eigenvalues = np.linalg.eigvalsh(root @ other_covariance @ root)
    cross = np.sqrt(np.maximum(eigenvalues, 0.0)).sum()
    spread = np.trace(covariance) + np.trace(other_covariance) - 2 * cross
    return float(np.sum((mean - other_mean) ** 2) + max(spread, 0.0))


def _square_root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root of a covariance matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T


def kernel_distance(real: np.ndarray, made: np.ndarray) -> Estimate:
    """The squared maximum mean discrepancy with the kernel (x·y / features + 1)³.

    Bińkowski et al., 2018, arXiv:1801.01401. The estimate is the unbiased one of Gretton et al.,
    2012 (JMLR 13, lemma 6), of as many rows of either; it may be negative. Its standard error is
    the jackknife's, of leaving out a row of each.

    Args:
        real: Features of data `(count, features)`, 3 rows or more.
        made: Features of samples; of the longer one the first rows count.
    """
    real, made = flat(real), flat(made)
    count = min(len(real), len(made))
    x, y = real[:count], made[:count]
    sums = np.concatenate(
        [
            _kernel_sums(x, y, range(start, min(start + BLOCK, count)))
            for start in range(0, count, BLOCK)
        ]
    )
    total = sums.sum()
    value = total / (count * (count - 1))
    without = (total - 2 * sums) / ((count - 1) * (count - 2))
    variance = (count - 1) / count * np.sum((without - without.mean()) ** 2)
    return Estimate(float(value), float(np.sqrt(variance)))


def _kernel_sums(x: np.ndarray, y: np.ndarray, rows: range) -> np.ndarray:
    """Σ k(x, x′) + k(y, y′) − k(x, y′) − k(x′, y) over the other rows, of some rows."""
    index = slice(rows.start, rows.stop)
    terms = _kernel(x[index], x) + _kernel(y[index], y)
    terms -= _kernel(x[index], y) + _kernel(y[index], x)
    terms[np.arange(len(rows)), np.asarray(rows)] = 0.0
    return terms.sum(axis=1)


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1.0) ** 3
