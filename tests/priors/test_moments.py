"""Sums over codes, and the Gaussians that follow from them, against NumPy."""

import numpy as np

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo.priors import gaussians, outer_sums
from zoo.priors.moments import JITTER, mean_and_stddev

RNG = np.random.default_rng(0)
CODES = RNG.normal([1.0, -2.0, 0.5], [1.0, 0.5, 2.0], (40, 3)).astype("float32")
LABELS = np.arange(40) % 2
ONE_HOT = np.eye(3, dtype="float32")[LABELS]  # nothing is of class 2


def covariance(codes):
    return np.cov(codes.astype("float64").T, bias=True)


def test_sums_hold_counts_sums_and_products_and_add_up_over_batches():
    whole = array(outer_sums(tensor(CODES), tensor(ONE_HOT)))
    halves = sum(
        array(outer_sums(tensor(CODES[h]), tensor(ONE_HOT[h]))) for h in np.split(np.arange(40), 2)
    )
    FORMULA.check(halves, whole)
    own = CODES[LABELS == 1].astype("float64")
    assert whole[1, 0, 0] == 20 and not whole[2].any()
    FORMULA.check(whole[1, 0, 1:], own.sum(axis=0))
    FORMULA.check(whole[1, 1:, 1:], own.T @ own)


def test_mean_and_deviation_are_those_of_all_codes():
    mean, stddev = mean_and_stddev(outer_sums(tensor(CODES), tensor(ONE_HOT)))
    FORMULA.check(array(mean), CODES.mean(axis=0))
    FORMULA.check(array(stddev), CODES.std(axis=0))


def test_gaussians_have_the_means_and_shrunken_covariances_of_their_classes():
    means, factors = map(array, gaussians(outer_sums(tensor(CODES), tensor(ONE_HOT)), 0.25))
    groups = [CODES[LABELS == c] for c in range(2)]
    within = sum(covariance(group) for group in groups) / 2  # of 20 codes each
    ridge = (JITTER * np.trace(within) / 3 + 1e-8) * np.eye(3)
    for c, group in enumerate(groups):
        FORMULA.check(means[c], group.mean(axis=0))
        expected = 0.75 * covariance(group) + 0.25 * within + ridge
        FORMULA.check(factors[c] @ factors[c].T, expected)
        assert (np.triu(factors[c], 1) == 0).all()


def test_a_class_without_codes_has_the_mean_of_all_and_the_common_covariance():
    means, factors = map(array, gaussians(outer_sums(tensor(CODES), tensor(ONE_HOT)), 0.0))
    FORMULA.check(means[2], CODES.mean(axis=0))
    within = sum(covariance(CODES[LABELS == c]) for c in range(2)) / 2
    ridge = (JITTER * np.trace(within) / 3 + 1e-8) * np.eye(3)
    FORMULA.check(factors[2] @ factors[2].T, within + ridge)


def test_codes_that_are_all_the_same_have_a_factor():
    sums = outer_sums(tensor(np.full((5, 3), 7.0)), tensor(np.ones((5, 1))))
    means, factors = map(array, gaussians(sums))
    FORMULA.check(means[0], np.full(3, 7.0))
    assert np.isfinite(factors).all()
