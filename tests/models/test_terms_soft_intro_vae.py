"""Both losses of Soft-IntroVAE on networks small enough to work out by hand."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, tensor
from tests.tolerances import FORMULA

DATA = np.array([[1.0, 0.0], [0.25, 0.5]], "float32")
NOISE = np.random.default_rng(0).normal(size=(4, 2, 1)).astype("float32")
NAMES = ("epsilon", "sample_epsilon", "rebuilt_epsilon", "latent")
MEAN = np.array([[1.0], [-2.0]]), np.array([0.5])
LOG_VARIANCE = np.array([[0.5], [1.0]]), np.array([-1.0])
DECODING = np.array([[0.5, -0.25]]), np.array([0.25, -0.5])
BETA, WEIGHT, NEGATIVE = 0.5, 2.0, 3.0


@pytest.fixture
def model():
    model = zoo.create(
        "soft_intro_vae",
        shape=(2,),
        latent_dim=1,
        value_range=None,
        beta=BETA,
        beta_reconstruction=WEIGHT,
        beta_negative=NEGATIVE,
        network_options={"depth": 0},
    )
    model.encoder.get_layer("mean").set_weights(list(MEAN))
    model.encoder.get_layer("log_variance").set_weights(list(LOG_VARIANCE))
    model.decoder.set_weights(list(DECODING))
    return model


@pytest.fixture
def batch():
    return {"data": tensor(DATA)} | {n: tensor(z) for n, z in zip(NAMES, NOISE, strict=True)}


def terms(data, epsilon):
    """The error and the divergence of each row, and its latent."""
    mean, log_variance = (data @ k + b for k, b in (MEAN, LOG_VARIANCE))
    latent = mean + np.exp(log_variance / 2) * epsilon
    error = 0.5 * np.sum((data - decoded(latent)) ** 2, axis=1) + np.log(2 * np.pi)
    kl = 0.5 * np.sum(mean**2 + np.exp(log_variance) - 1 - log_variance, axis=1)
    return error, kl, latent


def decoded(latent):
    return latent @ DECODING[0] + DECODING[1]


def test_the_encoder_lowers_the_bound_of_data_and_raises_that_of_fakes(model, batch):
    error, kl, latent = terms(DATA, NOISE[0])
    expected = 0.5 * np.mean(WEIGHT * error + BETA * kl)
    for fake, epsilon in ((decoded(NOISE[3]), NOISE[1]), (decoded(latent), NOISE[2])):
        own_error, own_kl, _ = terms(fake, epsilon)
        expected += 0.25 * np.mean(np.exp(-2 * 0.5 * (WEIGHT * own_error + NEGATIVE * own_kl)))
    FORMULA.check(array(model.encoder_loss(batch, True)["loss"]), expected)


def test_the_decoder_makes_fakes_of_a_small_divergence(model, batch):
    error, _, latent = terms(DATA, NOISE[0])
    divergences = [terms(decoded(z), 0.0)[1].mean() for z in (NOISE[3], latent)]
    expected = 0.5 * (WEIGHT * error.mean() + 0.5 * BETA * sum(divergences))
    logs = model.decoder_loss(batch, True)
    FORMULA.check(array(logs["loss"]), expected)
    FORMULA.check(array(logs["sample_kl"]), divergences[0])
