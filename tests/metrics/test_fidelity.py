"""Distances of distributions against closed forms, SciPy, and estimators written out in loops."""

import numpy as np
import pytest
from scipy import linalg

from tests.tolerances import FORMULA
from zoo import metrics

pytestmark = pytest.mark.once


def whitened(rng, count, features):
    """Rows whose mean is 0 and whose covariance is I, to rounding."""
    rows = rng.normal(size=(count, features))
    rows -= rows.mean(axis=0)
    return rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False))).T


def test_frechet_distance_of_gaussians_with_known_moments():
    """Of commuting covariances: Σ (μ − ν)² + (σ − τ)²."""
    rng = np.random.default_rng(0)
    x, y = whitened(rng, 200, 3), whitened(rng, 150, 3)
    sigma, tau, shift = np.array([1.0, 2.0, 0.5]), np.array([3.0, 2.0, 0.0]), np.array([1, 0, -2])
    expected = np.sum(shift**2) + np.sum((sigma - tau) ** 2)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    FORMULA.check(metrics.frechet_distance(x * sigma, y * tau + shift), expected)
    FORMULA.check(metrics.frechet_distance(x * sigma @ turn, (y * tau + shift) @ turn), expected)


def test_frechet_distance_of_any_covariances_is_that_of_scipys_square_root():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 6)) @ rng.normal(size=(6, 6))
    y = rng.normal(size=(60, 6)) @ rng.normal(size=(6, 6)) + 1
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = linalg.sqrtm(a @ b)
    means = np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2)
    FORMULA.check(metrics.frechet_distance(x, y), means + np.trace(a + b - 2 * root.real))
    FORMULA.check(metrics.frechet_distance(y, x), metrics.frechet_distance(x, y))


def test_frechet_distance_of_fewer_rows_than_features_is_finite_and_zero_of_the_same_rows():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(5, 20)), rng.normal(size=(6, 20))
    assert abs(metrics.frechet_distance(x, x)) < 1e-6
    assert np.isfinite(metrics.frechet_distance(x, y))
    assert metrics.frechet_distance(x[:, :1], x[:, :1] + 2) == pytest.approx(4)


def kernel(a, b):
    return (a @ b / len(a) + 1) ** 3


def distance_by_loops(x, y):
    n, total = len(x), 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                total += kernel(x[i], x[j]) + kernel(y[i], y[j])
                total -= kernel(x[i], y[j]) + kernel(x[j], y[i])
    return total / (n * (n - 1))


def test_kernel_distance_and_its_jackknife_are_those_of_loops(monkeypatch):
    monkeypatch.setattr("zoo.metrics.fidelity.BLOCK", 4)  # and blocks change nothing
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, 4)), 0.5 + rng.normal(size=(11, 4))
    found = metrics.kernel_distance(x, y)
    y = y[:9]
    FORMULA.check(found.value, distance_by_loops(x, y))
    left_out = [distance_by_loops(np.delete(x, i, 0), np.delete(y, i, 0)) for i in range(9)]
    FORMULA.check(
        found.standard_error, np.sqrt(8 / 9 * np.sum((left_out - np.mean(left_out)) ** 2))
    )


def test_kernel_distance_of_equal_distributions_is_zero_within_its_standard_error():
    found = []
    for seed in range(100):
        rng = np.random.default_rng([seed])
        found.append(metrics.kernel_distance(rng.normal(size=(60, 3)), rng.normal(size=(60, 3))))
    values = np.array([estimate.value for estimate in found])
    assert abs(values.mean()) < 3 * values.std() / 10
    assert (values < 0).any(), "an unbiased estimate of 0 is negative at times"


def test_the_standard_error_is_the_spread_of_the_estimate():
    found = []
    for seed in range(200):
        rng = np.random.default_rng([seed, 1])
        found.append(
            metrics.kernel_distance(rng.normal(size=(80, 2)), 1 + rng.normal(size=(80, 2)))
        )
    spread = np.std([estimate.value for estimate in found])
    claimed = np.sqrt(np.mean([estimate.standard_error**2 for estimate in found]))
    assert 0.8 < claimed / spread < 1.25
