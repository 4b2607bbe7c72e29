"""The parts of the divergence against sums by hand and a Gaussian of known correlation."""

from math import log

import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo.losses import decomposed_kl, log_mean_exp, log_normal_pairs, log_normal_rows


def log_normal(x, mean, log_variance):
    return -0.5 * ((x - mean) ** 2 / np.exp(log_variance) + log_variance + log(2 * np.pi))


@pytest.fixture
def sample():
    return np.random.default_rng(0).normal(size=(3, 4, 2))


def test_pairs_are_the_densities_of_every_latent_under_every_posterior(sample):
    z, mean, log_variance = sample
    found = array(log_normal_pairs(*map(tensor, (z, mean[:3], log_variance[:3]))))
    expected = [
        [log_normal(x, m, v) for m, v in zip(mean[:3], log_variance[:3], strict=True)] for x in z
    ]
    FORMULA.check(found, expected)


def test_the_mean_of_exponentials_does_not_overflow():
    FORMULA.check(array(log_mean_exp(tensor([[1000.0, 1000.0], [0.0, log(3)]]))), [1000, log(2)])
    FORMULA.check(array(log_mean_exp(tensor([[0.0], [log(3)]]), axis=0)), [log(2)])


def test_parts_are_those_summed_by_hand(sample):
    z, mean, log_variance = sample
    own, joint, product, prior = (np.zeros(4) for _ in range(4))
    for i in range(4):
        densities = np.exp([log_normal(z[i], mean[j], log_variance[j]) for j in range(4)])
        own[i] = log_normal(z[i], mean[i], log_variance[i]).sum()
        joint[i] = np.log(densities.prod(axis=1).mean())
        product[i] = np.log(densities.mean(axis=0)).sum()
        prior[i] = log_normal(z[i], 0, 0).sum()
    expected = [(own - joint).mean(), (joint - product).mean(), (product - prior).mean()]
    FORMULA.check([array(part) for part in decomposed_kl(*map(tensor, sample))], expected)


def test_the_parts_add_up_to_the_divergence(sample):
    z, *posterior = map(tensor, sample)
    parts = sum(float(array(part)) for part in decomposed_kl(z, *posterior))
    whole = array(log_normal_rows(z, *posterior)) - array(log_normal_rows(z))
    FORMULA.check(parts, whole.mean())


@pytest.mark.once
@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.9])
def test_total_correlation_is_that_of_a_gaussian(correlation):
    """Posteriors N(x, ¼) of x in a correlated plane: the latents are correlated, too."""
    rng = np.random.default_rng(0)
    covariance = np.array([[1, correlation], [correlation, 1]])
    rows, added = 3000, 0.25
    means = rng.multivariate_normal([0, 0], covariance, rows)
    latents = means + np.sqrt(added) * rng.normal(size=means.shape)
    variances = np.full_like(means, log(added))
    found = array(decomposed_kl(*map(tensor, (latents, means, variances)))[1])
    whole = covariance + added * np.eye(2)
    exact = -0.5 * log(np.linalg.det(whole) / whole[0, 0] / whole[1, 1])
    assert abs(found - exact) < 0.03
