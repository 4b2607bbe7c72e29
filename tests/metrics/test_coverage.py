"""Balls around points on a line, counted by hand, and the papers' toy cases."""

import numpy as np
import pytest

from tests.tolerances import FORMULA
from zoo import metrics

pytestmark = pytest.mark.once


def column(*values):
    return np.array(values, dtype="float64")[:, None]


def test_balls_on_a_line():
    """Data 0, 1, 3 reach 1, 1, 2 with one neighbour; samples 0.5, 1.6, 9 reach 1.1, 1.1, 7.4."""
    real, made = column(0, 1, 3), column(0.5, 1.6, 9)
    found = metrics.precision_recall(real, made, neighbours=1)
    FORMULA.check(found.precision, 2 / 3)
    FORMULA.check(found.recall, 1.0)  # 3 is in the ball of 9
    found = metrics.density_coverage(real, made, neighbours=1)
    # 0.5 is in the balls of 0 and 1; 1.6 in those of 1 and 3; 9 in none.
    FORMULA.check(found.density, 4 / 3)
    FORMULA.check(found.coverage, 1.0)  # 0 by 0.5, 1 by 0.5, 3 by 1.6
    found = metrics.density_coverage(real, made + 1.2, neighbours=1)
    FORMULA.check(found.coverage, 2 / 3)  # nothing is nearer to 0 than 1.7


def test_samples_like_the_data_have_the_expected_density_and_coverage():
    rng = np.random.default_rng(0)
    found = [
        metrics.density_coverage(rng.normal(size=(200, 8)), rng.normal(size=(150, 8)))
        for _ in range(30)
    ]
    coverage = [each.coverage for each in found]
    expected = metrics.expected_coverage(200, 150)
    assert abs(np.mean(coverage) - expected) < 3 * np.std(coverage) / np.sqrt(30)
    density = [each.density for each in found]
    assert abs(np.mean(density) - 1) < 3 * np.std(density) / np.sqrt(30)


def test_expected_coverage_by_hand():
    # The nearest of 9 other rows of data is nearer than each of 10 samples: 9 in 19.
    FORMULA.check(metrics.expected_coverage(10, 10, neighbours=1), 1 - 9 / 19)
    FORMULA.check(metrics.expected_coverage(10, 10, neighbours=2), 1 - 9 / 19 * 8 / 18)


def test_one_outlier_of_the_data_raises_precision_more_than_density():
    """Naeem et al., 2020, section 3: an outlier's ball swallows samples that are far from data."""
    rng = np.random.default_rng(0)
    real, made = rng.normal(size=(300, 4)), 3 + rng.normal(size=(300, 4))
    outlier = np.concatenate([real, np.full((1, 4), 5.0)])
    before, after = (metrics.precision_recall(rows, made).precision for rows in (real, outlier))
    assert after > before + 0.5
    before, after = (metrics.density_coverage(rows, made).density for rows in (real, outlier))
    assert after < before + 0.25


def test_a_dropped_mode_costs_recall_and_coverage_and_no_precision():
    """Kynkäänniemi et al., 2019, and Naeem et al., 2020: half of the data has no samples."""
    rng = np.random.default_rng(0)
    modes = np.repeat([[0.0] * 4, [20.0] * 4], 150, axis=0)
    real = modes + rng.normal(size=(300, 4))
    made = rng.normal(size=(300, 4))
    quality = metrics.precision_recall(real, made)
    assert quality.precision > 0.8 and quality.recall < 0.55
    assert metrics.density_coverage(real, made).coverage < 0.55
    noise = metrics.precision_recall(real, 100 + made)
    assert noise.precision == noise.recall == 0
