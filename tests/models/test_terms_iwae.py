"""The bound of K latents on a linear Gaussian model, whose likelihood is known."""

import numpy as np
import pytest

import zoo
from tests.arrays import arrays, tensor
from tests.tolerances import FORMULA

DATA = np.array([[1.0, 0.0], [-0.5, 2.0]])
DECODING = np.array([[1.5, -0.5]]), np.array([0.25, 0.5])
STDDEV = 0.5


def make(draws, mean, log_variance, **settings):
    """p(data | latent) = N(latent·weights + bias, STDDEV²); two features, one latent."""
    options = {"shape": (2,), "latent_dim": 1, "value_range": None, "stddev": STDDEV}
    options["network_options"] = {"depth": 0}
    model = zoo.create("iwae", num_draws=draws, **options | settings)
    model.decoder.set_weights(list(DECODING))
    model.encoder.get_layer("mean").set_weights(list(mean))
    model.encoder.get_layer("log_variance").set_weights(list(log_variance))
    return model


def posterior():
    """The mean and the log variance of p(latent | data), as weights and biases."""
    weights, bias = DECODING
    precision = 1 + (weights**2).sum() / STDDEV**2
    kernel = weights.T / STDDEV**2 / precision
    return (kernel, -bias @ kernel), (np.zeros((2, 1)), np.array([-np.log(precision)]))


def log_likelihood():
    """The mean of log N(data; bias, weightsᵀ·weights + STDDEV²)."""
    weights, bias = DECODING
    covariance = weights.T @ weights + STDDEV**2 * np.eye(2)
    off = DATA - bias
    squares = np.einsum("ni,ij,nj->n", off, np.linalg.inv(covariance), off)
    return np.mean(-0.5 * (squares + np.log(np.linalg.det(2 * np.pi * covariance))))


def terms(model, draws, repeats=1):
    epsilon = np.random.default_rng(0).normal(size=(2 * repeats, draws, 1))
    data = np.tile(DATA, (repeats, 1))
    return arrays(model.elbo_loss({"data": tensor(data), "epsilon": tensor(epsilon)}, True))


@pytest.mark.parametrize("draws", [1, 7])
def test_with_the_true_posterior_the_bound_is_the_likelihood_at_every_draw(draws):
    found = terms(make(draws, *posterior()), draws)
    FORMULA.check(found["loss"], -log_likelihood())


def test_the_bound_grows_tight_with_the_number_of_draws():
    wide = (np.zeros((2, 1)), np.array([0.3])), (np.zeros((2, 1)), np.array([0.5]))
    gaps = []
    for draws, repeats in ((1, 4000), (10, 2000), (100, 400), (20_000, 20)):
        gaps.append(terms(make(draws, *wide), draws, repeats)["loss"] + log_likelihood())
    assert gaps[0] > 4 * gaps[1] > 16 * gaps[2] > 0, gaps
    assert abs(gaps[3]) < 5e-3


def test_one_draw_is_the_bound_of_the_vae_at_it():
    wide = (np.zeros((2, 1)), np.array([0.3])), (np.zeros((2, 1)), np.array([0.5]))
    found = terms(make(1, *wide), 1)
    FORMULA.check(found["loss"], found["reconstruction"] + found["kl"])


def test_weights_of_three_draws_are_averaged_by_hand():
    wide = (np.zeros((2, 1)), np.array([0.3])), (np.zeros((2, 1)), np.array([0.5]))
    epsilon = np.random.default_rng(0).normal(size=(2, 3, 1))
    latent = 0.3 + np.exp(0.25) * epsilon
    means = latent * DECODING[0] + DECODING[1]

    def log_normal(x, mean, variance):
        return -0.5 * ((x - mean) ** 2 / variance + np.log(2 * np.pi * variance)).sum(axis=-1)

    weights = log_normal(DATA[:, None], means, STDDEV**2) + log_normal(latent, 0, 1)
    weights -= log_normal(latent, 0.3, np.exp(0.5))
    found = terms(make(3, *wide), 3)
    FORMULA.check(found["loss"], -np.log(np.exp(weights).mean(axis=1)).mean())


def test_labels_go_with_every_draw_of_their_row():
    settings = {"shape": (2,), "latent_dim": 1, "num_classes": 2, "network_options": {"depth": 0}}
    model = zoo.create("iwae", num_draws=3, value_range=None, **settings)
    epsilon = np.random.default_rng(0).normal(size=(2, 3, 1))
    batch = {"data": tensor(DATA), "epsilon": tensor(epsilon)}
    found = arrays(model.elbo_loss({**batch, "labels": tensor([0, 1], "int32")}, True))
    each = []
    for row in range(2):
        one = {name: value[row : row + 1] for name, value in batch.items()}
        one["labels"] = tensor([row], "int32")
        each.append(float(arrays(model.elbo_loss(one, True))["loss"]))
    FORMULA.check(found["loss"], np.mean(each))
