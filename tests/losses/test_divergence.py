"""Draws, densities and divergences of latents against numbers worked out by hand."""

from math import e, exp, log, pi, sqrt

import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo.losses import (
    log_normal_rows,
    normal_kl_rows,
    precision_weighted,
    reparameterize,
    standard_normal_kl_rows,
)


def test_a_standard_normal_posterior_has_no_divergence():
    zeros = tensor(np.zeros((3, 4)))
    FORMULA.check(array(standard_normal_kl_rows(zeros, zeros)), np.zeros(3))


def test_divergence_sums_over_the_latent_and_has_a_number_for_each_row():
    mean = tensor([[1.0, -2.0], [0.0, 0.0]])
    log_variance = tensor([[0.0, 0.0], [1.0, log(4)]])
    first = 0.5 * (1 + 4)
    second = 0.5 * (e - 1 - 1) + 0.5 * (4 - 1 - log(4))
    FORMULA.check(array(standard_normal_kl_rows(mean, log_variance)), [first, second])


@pytest.mark.parametrize("shape", [(48,), (4, 4, 3), (16, 3)], ids=str)
def test_divergence_of_a_map_is_summed_over_space(shape):
    """Means of 1 and variances of 1: ½ for each of 48 numbers."""
    ones = tensor(np.ones((2, *shape)))
    zeros = tensor(np.zeros((2, *shape)))
    FORMULA.check(array(standard_normal_kl_rows(ones, zeros)), [24.0, 24.0])


def test_divergence_is_the_integral_of_q_log_q_over_p():
    mean, log_variance = 0.7, -0.9
    deviation = sqrt(exp(log_variance))
    z = np.linspace(mean - 12 * deviation, mean + 12 * deviation, 20_001)
    log_q = -0.5 * ((z - mean) / deviation) ** 2 - log(deviation) - 0.5 * log(2 * pi)
    log_p = -0.5 * z**2 - 0.5 * log(2 * pi)
    integral = np.sum(np.exp(log_q) * (log_q - log_p)) * (z[1] - z[0])
    found = standard_normal_kl_rows(tensor([[mean]]), tensor([[log_variance]]))
    FORMULA.check(array(found), [integral])


def test_divergence_is_right_at_extreme_variances():
    zero = tensor([[0.0]])
    small = standard_normal_kl_rows(zero, tensor([[-50.0]]))
    FORMULA.check(array(small), [0.5 * (50 - 1)])
    large = standard_normal_kl_rows(zero, tensor([[50.0]]))
    FORMULA.check(array(large), [0.5 * (exp(50) - 51)])


@pytest.mark.parametrize("shape", [(3,), (2, 2, 3)], ids=str)
def test_log_density_is_the_logarithm_of_the_density(shape):
    rng = np.random.default_rng(0)
    x, mean, log_variance = rng.normal(size=(3, 5, *shape))
    variance = np.exp(log_variance)
    density = np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * pi * variance)
    expected = np.log(density).reshape(5, -1).sum(axis=1)
    FORMULA.check(array(log_normal_rows(tensor(x), tensor(mean), tensor(log_variance))), expected)
    standard = (-0.5 * x**2 - 0.5 * log(2 * pi)).reshape(5, -1).sum(axis=1)
    FORMULA.check(array(log_normal_rows(tensor(x))), standard)


def test_divergence_is_the_expected_difference_of_the_log_densities():
    """Both ways of the bound: in closed form, and as log q − log p at a draw."""
    mean, log_variance = np.array([[0.3, -1.0]]), np.array([[0.2, -0.7]])
    epsilon = np.random.default_rng(0).normal(size=(200_000, 2))
    posterior = [tensor(np.broadcast_to(x, epsilon.shape)) for x in (mean, log_variance)]
    z = reparameterize(*posterior, epsilon=tensor(epsilon))
    found = array(log_normal_rows(z, *posterior)) - array(log_normal_rows(z))
    exact = array(standard_normal_kl_rows(tensor(mean), tensor(log_variance)))[0]
    assert abs(found.mean() - exact) < 5 * found.std() / sqrt(len(found))


def test_a_draw_is_the_mean_and_a_deviation_for_each_epsilon():
    mean, log_variance = tensor([[1.0, -1.0]]), tensor([[log(4), log(9)]])
    FORMULA.check(array(reparameterize(mean, log_variance, tensor([[0.5, -1.0]]))), [[2.0, -4.0]])


def test_divergence_from_any_normal_is_that_of_the_formula():
    mean, log_variance = tensor([[1.0, 0.0]]), tensor([[log(2), 0.0]])
    prior_mean, prior_log_variance = tensor([[-1.0, 0.0]]), tensor([[log(4), 0.0]])
    found = normal_kl_rows(mean, log_variance, prior_mean, prior_log_variance)
    FORMULA.check(array(found), [0.5 * (2 / 4 + 4 / 4 - 1 + log(2))])
    zeros = tensor([[0.0, 0.0]])
    own = standard_normal_kl_rows(mean, log_variance)
    FORMULA.check(array(normal_kl_rows(mean, log_variance, zeros, zeros)), array(own))


def test_precisions_add_up_and_weigh_the_means():
    """Precisions of 1 and 2 about 1 and 4: 3 about (1 + 2·4)/3."""
    mean, log_variance = precision_weighted(
        tensor([[1.0, 1.0]]), tensor([[0.0, 90.0]]), tensor([[4.0, 4.0]]), tensor([[-log(2), 0.0]])
    )
    FORMULA.check(array(mean), [[3.0, 4.0]])  # what knows nothing has no weight
    FORMULA.check(array(log_variance), [[-log(3), 0.0]])
