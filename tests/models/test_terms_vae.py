"""The evidence lower bound on networks small enough to work out by hand."""

from math import log, pi

import keras
import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, sigmoid, softplus, tensor
from tests.tolerances import FORMULA
from zoo import backends
from zoo.autoencoders.vae import draw_latent

DATA = np.array([[1.0, 0.0], [0.25, 0.5]], "float32")
EPSILON = np.array([[0.5], [-2.0]], "float32")
MEAN = np.array([[1.0], [-2.0]]), np.array([0.5])
LOG_VARIANCE = np.array([[0.5], [1.0]]), np.array([-1.0])
DECODING = np.array([[2.0, -1.0]]), np.array([0.25, -0.5])


def make(**settings):
    """Two features, one latent, every network one linear layer."""
    model = zoo.create("vae", shape=(2,), latent_dim=1, network_options={"depth": 0}, **settings)
    model.encoder.get_layer("mean").set_weights(list(MEAN))
    model.encoder.get_layer("log_variance").set_weights(list(LOG_VARIANCE))
    model.decoder.set_weights(list(DECODING))
    return model


def terms(model):
    batch = {"data": tensor(DATA), "epsilon": tensor(EPSILON)}
    return arrays(model.elbo_loss(batch, True))


def expected():
    mean = DATA @ MEAN[0] + MEAN[1]
    log_variance = DATA @ LOG_VARIANCE[0] + LOG_VARIANCE[1]
    latent = mean + np.exp(log_variance / 2) * EPSILON
    divergence = np.mean(0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance))
    return latent @ DECODING[0] + DECODING[1], divergence


@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_bernoulli_bound_sums_over_the_features(beta):
    logits, divergence = expected()
    reconstruction = np.sum(softplus(logits) - DATA * logits) / 2
    found = terms(make(beta=beta))
    FORMULA.check(found["reconstruction"], reconstruction)
    FORMULA.check(found["divergence"], divergence)
    FORMULA.check(found["loss"], reconstruction + beta * divergence)


@pytest.mark.parametrize(
    ("value_range", "activation"),
    [((0, 1), sigmoid), ((-1, 1), np.tanh), (None, lambda x: x)],
    ids=["sigmoid", "tanh", "linear"],
)
def test_gaussian_bound_is_of_the_activated_output(value_range, activation):
    logits, divergence = expected()
    squares = np.sum((DATA - activation(logits)) ** 2) / 2
    reconstruction = squares / (2 * 0.5**2) + 2 * log(0.5) + log(2 * pi)
    found = terms(make(likelihood="gaussian", deviation=0.5, value_range=value_range, beta=0.25))
    FORMULA.check(found["reconstruction"], reconstruction)
    FORMULA.check(found["loss"], reconstruction + 0.25 * divergence)


def test_the_bound_has_the_gradients_worked_out_by_hand():
    model = make(value_range=None)
    logits, _ = expected()
    mean = DATA @ MEAN[0] + MEAN[1]
    log_variance = DATA @ LOG_VARIANCE[0] + LOG_VARIANCE[1]
    # −log N(x; output, 1) slopes by output − x; the latent passes it to mean and log variance.
    slopes = (logits - DATA) @ DECODING[0].T
    by_mean = (slopes + mean) / 2
    by_log_variance = slopes * 0.5 * np.exp(log_variance / 2) * EPSILON / 2
    by_log_variance += 0.5 * (np.exp(log_variance) - 1) / 2
    heads = [model.encoder.get_layer(name).kernel for name in ("mean", "log_variance")]

    def objective():
        batch = {"data": tensor(DATA), "epsilon": tensor(EPSILON)}
        return model.elbo_loss(batch, True)["loss"], {}

    found, _ = backends.current().gradients(objective, heads, [])
    FORMULA.check(array(found[0]), DATA.T @ by_mean)
    FORMULA.check(array(found[1]), DATA.T @ by_log_variance)


def test_latent_is_the_mean_and_a_deviation_for_each_epsilon():
    posterior = {"mean": tensor([[1.0, -1.0]]), "log_variance": tensor([[log(4), log(9)]])}
    FORMULA.check(array(draw_latent(posterior, tensor([[0.5, -1.0]]))), [[2.0, -4.0]])


def test_encoding_is_the_mean_and_sampling_decodes_the_prior():
    model = make()
    FORMULA.check(model.encode(DATA), DATA @ MEAN[0] + MEAN[1])
    latent = model.prior["latent"].draw(np.random.default_rng([7]), 3)
    FORMULA.check(model.sample(3, seed=7), sigmoid(latent @ DECODING[0] + DECODING[1]))
    assert keras.backend.standardize_dtype(model.sample(3).dtype) == "float32"
