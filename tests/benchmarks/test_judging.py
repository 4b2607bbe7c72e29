"""The measures of the studies of hybrids against closed forms."""

import numpy as np
import pytest

from benchmarks.studies.arms import table
from tests.tolerances import FORMULA
from zoo.metrics.coverage import density_coverage
from zoo.metrics.fidelity import frechet_distance as frechet

pytestmark = pytest.mark.once


def test_the_distance_of_gaussians_is_that_of_means_and_deviations():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 2))
    x = (x - x.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T
    y = x * [2.0, 3.0] + [1.0, -2.0]  # exactly N((1, −2), diag(4, 9)) in its first two moments
    FORMULA.check(frechet(x, y), 1 + 4 + (2 - 1) ** 2 + (3 - 1) ** 2)
    assert abs(frechet(x, x)) < 1e-9


def coverage(real, made):
    return density_coverage(real, made).coverage


def test_coverage_is_the_share_of_real_rows_with_a_near_sample():
    real = np.concatenate(
        [np.zeros((6, 1)) + 0.1 * np.arange(6)[:, None], 10 + np.arange(6)[:, None]]
    )
    assert coverage(real, real) == 1
    assert coverage(real, np.array([[0.25]])) == 0.5
    assert coverage(real, np.array([[100.0]])) == 0


def test_a_table_has_means_and_deviations_of_each_arm():
    rows = [
        {"arm": {"model": "a"}, "seed": s, "distance": v, "seconds": 2.0}
        for s, v in ((0, 1.0), (1, 2.0))
    ]
    rows.append({"arm": {"model": "b"}, "seed": 0, "distance": 4.0, "seconds": 1.0})
    assert table(rows).splitlines()[2:] == [
        "| a | 2 | 1.500 ± 0.707 | 2 |",
        "| b | 1 | 4.000 | 1 |",
    ]
