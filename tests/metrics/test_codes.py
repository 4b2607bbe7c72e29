"""The use of codes, and likelihoods of models whose likelihood is known."""

import numpy as np
import pytest
from scipy import stats

from tests.tolerances import FORMULA
from zoo import metrics

pytestmark = pytest.mark.once


def test_perplexity_is_the_number_of_equally_used_entries():
    found = metrics.codebook_use(np.array([[0, 1], [2, 3]]), size=16)
    FORMULA.check(found.perplexity, 4.0)
    assert found.share == 0.25
    found = metrics.codebook_use(np.array([0, 0, 0, 5]), size=8)
    FORMULA.check(found.perplexity, 0.25 ** (-0.25) * 0.75 ** (-0.75))


def test_active_units_are_those_whose_mean_moves():
    means = np.stack([np.arange(10.0), np.full(10, 3.0), 0.05 * (np.arange(10) % 2)], axis=1)
    assert metrics.active_units(means) == 1  # variances 8.25, 0 and 0.000625
    assert metrics.active_units(means, least=1e-4) == 2


@pytest.fixture(scope="module")
def linear():
    """Of x = W·z + 0.5·noise: data, weights, exact posterior, and the exact mean of −log p(x)."""
    rng = np.random.default_rng(0)
    weights, stddev = rng.normal(size=(5, 2)), 0.5
    data = rng.normal(size=(40, 2)) @ weights.T + stddev * rng.normal(size=(40, 5))
    precision = np.eye(2) + weights.T @ weights / stddev**2
    mean = np.linalg.solve(precision, weights.T @ data.T / stddev**2).T
    covariance = weights @ weights.T + stddev**2 * np.eye(5)
    exact = -stats.multivariate_normal(np.zeros(5), covariance).logpdf(data).mean()

    def log_likelihood(latent):
        return stats.norm(latent @ weights.T, stddev).logpdf(data).sum(axis=1)

    return mean, np.linalg.inv(precision), log_likelihood, exact


def test_importance_weights_give_the_likelihood_of_a_linear_gaussian_model(linear):
    mean, covariance, log_likelihood, exact = linear
    log_variance = np.broadcast_to(np.log(2 * np.diag(covariance)), mean.shape)
    found = metrics.importance_weighted_nll(mean, log_variance, log_likelihood, draws=4000)
    assert abs(found.value - exact) < 0.02
    few = metrics.importance_weighted_nll(mean, log_variance, log_likelihood, draws=1)
    assert few.value > exact + 0.1, "one draw gives the bound of the VAE"


def test_the_exact_posterior_needs_one_draw():
    """Of x = z + noise, both of variance 1: q = N(x/2, ½); every weight is p(x) = N(x; 0, 2)."""
    data = np.random.default_rng(0).normal(scale=np.sqrt(2), size=(30, 1))

    def log_likelihood(latent):
        return stats.norm(latent, 1).logpdf(data).sum(axis=1)

    log_variance = np.full((30, 1), np.log(0.5))
    found = metrics.importance_weighted_nll(data / 2, log_variance, log_likelihood, draws=1)
    rows = -stats.norm(0, np.sqrt(2)).logpdf(data)
    FORMULA.check(found.value, rows.mean())
    FORMULA.check(found.standard_error, rows.std(ddof=1) / np.sqrt(30))


def test_another_prior_takes_the_place_of_the_standard_normal():
    """Of x = z + noise of variance 1, z from N(1, 3): q = N((3x + 1)/4, ¾) is exact."""
    data = np.random.default_rng(0).normal(1, 2, size=(30, 1))
    found = metrics.importance_weighted_nll(
        (3 * data + 1) / 4,
        np.full((30, 1), np.log(0.75)),
        lambda latent: stats.norm(latent, 1).logpdf(data).sum(axis=1),
        log_prior=lambda latent: stats.norm(1, np.sqrt(3)).logpdf(latent).sum(axis=1),
        draws=1,
    )
    FORMULA.check(found.value, -stats.norm(1, 2).logpdf(data).mean())


def test_copies_of_training_data_are_noticed():
    rng = np.random.default_rng(0)
    train, test, new = rng.normal(size=(3, 400, 6))
    assert metrics.memorisation(train, test, train[:100]) == 1.0
    assert abs(metrics.memorisation(train, test, new) - 0.5) < 0.06
    assert metrics.memorisation(train, test, new + 20) == 0.0


def test_the_nearest_training_row_is_found():
    found = metrics.nearest(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[3.0, 3.0], [0.0, 1.0]]))
    assert found.indices.tolist() == [1, 0]
    FORMULA.check(found.distances, [1.0, 1.0])
