"""The maximum mean discrepancy against kernels summed by hand and means known in closed form."""

from math import exp, sqrt

import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo.losses import gaussian, inverse_multiquadratic, maximum_mean_discrepancy

X = [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]
Y = [[0.0, 0.0], [3.0, 0.0]]
WITHIN_X, WITHIN_Y = [1, 4, 5], [9]
BETWEEN = [0, 9, 1, 4, 4, 13]
"""Squared distances, written down."""


@pytest.mark.parametrize(
    ("kernel", "similarity"),
    [
        (inverse_multiquadratic(4.0), lambda d: 4 / (4 + d)),
        (gaussian(2.0), lambda d: exp(-d / 4)),
    ],
)
def test_the_estimate_is_of_different_rows_within_and_all_between(kernel, similarity):
    def mean(squares):
        return sum(map(similarity, squares)) / len(squares)

    expected = mean(WITHIN_X) + mean(WITHIN_Y) - 2 * mean(BETWEEN)
    FORMULA.check(array(maximum_mean_discrepancy(tensor(X), tensor(Y), kernel)), expected)


def test_one_row_has_no_pairs():
    found = maximum_mean_discrepancy(tensor(X[:1]), tensor(Y[1:]), inverse_multiquadratic(1.0))
    FORMULA.check(array(found), -2 / 10)


@pytest.mark.once
@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])
def test_the_estimate_is_without_bias(shift):
    """Of two normals in the plane, means apart: 2v/(v + 2)·(1 − exp(−shift²/(2(v + 2))))."""
    variance, rows = 3.0, 20
    rng = np.random.default_rng(0)
    found = []
    for _ in range(400):
        x, y = rng.normal(size=(2, rows, 2))
        moved = tensor(y + [shift, 0.0])
        found.append(float(array(maximum_mean_discrepancy(tensor(x), moved, gaussian(variance)))))
    share = variance / (variance + 2)
    expected = 2 * share * (1 - exp(-(shift**2) / (2 * (variance + 2))))
    assert abs(np.mean(found) - expected) < 4 * np.std(found) / sqrt(len(found))
