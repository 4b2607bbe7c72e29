"""The divergence from the standard normal against numbers worked out by hand."""

from math import e, exp, log, pi, sqrt

import numpy as np

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo.losses import standard_normal_divergence


def test_a_standard_normal_posterior_has_no_divergence():
    zeros = tensor(np.zeros((3, 4)))
    FORMULA.check(array(standard_normal_divergence(zeros, zeros)), 0.0)


def test_divergence_sums_over_the_latent_and_averages_over_the_batch():
    mean = tensor([[1.0, -2.0], [0.0, 0.0]])
    log_variance = tensor([[0.0, 0.0], [1.0, log(4)]])
    first = 0.5 * (1 + 4)
    second = 0.5 * (e - 1 - 1) + 0.5 * (4 - 1 - log(4))
    FORMULA.check(array(standard_normal_divergence(mean, log_variance)), (first + second) / 2)


def test_divergence_is_the_integral_of_q_log_q_over_p():
    mean, log_variance = 0.7, -0.9
    deviation = sqrt(exp(log_variance))
    z = np.linspace(mean - 12 * deviation, mean + 12 * deviation, 20_001)
    log_q = -0.5 * ((z - mean) / deviation) ** 2 - log(deviation) - 0.5 * log(2 * pi)
    log_p = -0.5 * z**2 - 0.5 * log(2 * pi)
    integral = np.sum(np.exp(log_q) * (log_q - log_p)) * (z[1] - z[0])
    found = standard_normal_divergence(tensor([[mean]]), tensor([[log_variance]]))
    FORMULA.check(array(found), integral)


def test_divergence_is_right_at_extreme_variances():
    zero = tensor([[0.0]])
    small = standard_normal_divergence(zero, tensor([[-50.0]]))
    FORMULA.check(array(small), 0.5 * (50 - 1))
    large = standard_normal_divergence(zero, tensor([[50.0]]))
    FORMULA.check(array(large), 0.5 * (exp(50) - 51))
