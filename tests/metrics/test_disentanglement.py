"""Factors in latents, where the information and the accuracies can be counted by hand."""

import math

import numpy as np
import pytest

from tests.tolerances import FORMULA
from zoo import metrics
from zoo.errors import DataError

pytestmark = pytest.mark.once

FACTORS = np.stack(np.meshgrid(range(4), range(3), range(2), indexing="ij"), -1).reshape(-1, 3)
"""Every combination of three factors, once."""
BIT = np.array([0, 0, 0, 0, 1, 1, 1, 1] * 2)
MOSTLY = np.array([0, 0, 0, 1, 1, 1, 1, 0] * 2)
"""The bit, but for a quarter of the rows."""
APART = np.repeat([0, 1], 8)
"""Independent of the bit."""


def columns(*arrays):
    return np.stack(arrays, axis=1)


def test_a_latent_for_each_factor_has_the_whole_gap_in_any_order_and_scale():
    codes = FACTORS[:, [2, 0, 1]] * [-1.0, 0.1, 5.0] + 3
    FORMULA.check(metrics.mutual_information_gap(codes, FACTORS), 1.0)
    FORMULA.check(metrics.mutual_information_gap(columns(*FACTORS.T, *FACTORS.T), FACTORS), 0.0)


def test_the_gap_is_the_information_of_a_noisy_latent_over_the_entropy():
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    expected = (math.log(2) - entropy) / math.log(2)
    found = metrics.mutual_information_gap(columns(APART, MOSTLY), BIT[:, None])
    FORMULA.check(found, expected)
    noisy_and_whole = metrics.mutual_information_gap(columns(BIT, MOSTLY), BIT[:, None])
    FORMULA.check(noisy_and_whole, 1 - expected)


def test_latents_are_cut_into_bins_of_equal_width():
    line = np.linspace(0, 1, 40)
    halves = (line > 0.5).astype(int)[:, None]
    other = np.tile([0.0, 1.0], 20)
    FORMULA.check(metrics.mutual_information_gap(columns(line, other), halves, bins=2), 1.0)
    FORMULA.check(metrics.mutual_information_gap(columns(line, other), halves, bins=1), 0.0)


def test_the_best_latent_is_compared_with_the_second_best():
    factor = BIT[:, None]
    for best, second, expected in ((BIT, APART, 0.5), (BIT, MOSTLY, 0.25), (MOSTLY, APART, 0.25)):
        codes = columns(second, best).astype(float)
        FORMULA.check(metrics.attribute_predictability(codes, factor, codes, factor), expected)


def test_other_numbers_than_integers_are_predicted_by_their_correlation():
    """Squared correlations ½ with a sum of two independent parts of equal variance, and 0."""
    x, y, z = (2.0 * part - 1 for part in (BIT, APART, np.tile([0, 0, 1, 1], 4)))
    factor = (x + y)[:, None]
    codes = columns(x, z)
    FORMULA.check(metrics.attribute_predictability(codes, factor, codes, factor), 0.5)
    still = columns(x, np.zeros(16))
    FORMULA.check(metrics.attribute_predictability(still, factor, still, factor), 0.5)


def test_a_factor_that_does_not_vary_is_left_out():
    factors = columns(BIT, np.zeros(16, int))
    codes = columns(BIT, APART).astype(float)
    FORMULA.check(metrics.mutual_information_gap(codes, factors), 1.0)
    FORMULA.check(metrics.attribute_predictability(codes, factors, codes, factors), 0.5)


def test_one_latent_or_no_factor_is_an_error():
    with pytest.raises(DataError, match="2 or more"):
        metrics.mutual_information_gap(BIT[:, None], BIT[:, None])
    with pytest.raises(DataError, match="varies"):
        metrics.mutual_information_gap(columns(BIT, APART), np.zeros((16, 1)))
