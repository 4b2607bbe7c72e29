"""The penalties against numbers worked out by hand."""

import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo import backends, losses


def test_unit_norm_is_the_mean_squared_distance_of_norms_from_one():
    gradients = tensor([[3.0, 4.0], [0.6, 0.8], [0.0, 0.5]])
    FORMULA.check(array(losses.unit_norm(gradients)), (16 + 0 + 0.25) / 3)


@pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 4, 2), (2, 3, 4, 2)])
def test_unit_norm_takes_the_norm_over_all_but_the_batch(shape):
    gradients = np.random.default_rng(0).normal(size=shape)
    norms = np.linalg.norm(gradients.reshape(len(gradients), -1), axis=1)
    FORMULA.check(array(losses.unit_norm(tensor(gradients))), np.mean((norms - 1) ** 2))


def test_unit_norm_and_its_gradient_are_finite_at_zero():
    zeros = tensor(np.zeros((2, 3)))
    # The norm of nothing is taken as 1e-6, so that its derivative is 0 rather than undefined.
    FORMULA.check(array(losses.unit_norm(zeros)), (1 - 1e-6) ** 2)
    FORMULA.check(array(backends.input_gradient(losses.unit_norm, zeros)), np.zeros((2, 3)))


def test_weight_penalties_sum_over_all_the_weights():
    weights = [tensor([[1.0, -2.0], [0.0, 0.5]]), tensor([-3.0])]
    FORMULA.check(array(losses.l1(weights)), 1 + 2 + 0.5 + 3)
    FORMULA.check(array(losses.l2(weights)), 1 + 4 + 0.25 + 9)
