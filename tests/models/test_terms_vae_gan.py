"""The three losses of VAE/GAN on networks small enough to work out by hand."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, softplus, tensor
from tests.tolerances import FORMULA
from zoo import backends

DATA = np.array([[1.0, 0.0], [0.25, 0.5]], "float32")
EPSILON = np.array([[0.5], [-2.0]], "float32")
LATENT = np.array([[1.5], [-0.25]], "float32")
MEAN = np.array([[1.0], [-2.0]]), np.array([0.5])
LOG_VARIANCE = np.array([[0.5], [1.0]]), np.array([-1.0])
DECODING = np.array([[2.0, -1.0]]), np.array([0.25, -0.5])
JUDGE = np.array([[0.5], [-1.5]]), np.array([0.2])
GAMMA, BETA = 0.25, 2.0

POSTERIOR_MEAN = DATA @ MEAN[0] + MEAN[1]
POSTERIOR_LOG_VARIANCE = DATA @ LOG_VARIANCE[0] + LOG_VARIANCE[1]
DRAWN = POSTERIOR_MEAN + np.exp(POSTERIOR_LOG_VARIANCE / 2) * EPSILON
REBUILT = DRAWN @ DECODING[0] + DECODING[1]
SAMPLED = LATENT @ DECODING[0] + DECODING[1]
# A discriminator without hidden layers: its features are the data.
DISTANCE = 0.5 * np.mean(np.sum((DATA - REBUILT) ** 2, axis=1))


@pytest.fixture
def model():
    model = zoo.create(
        "vae_gan",
        shape=(2,),
        latent_dim=1,
        gamma=GAMMA,
        beta=BETA,
        value_range=None,
        network_options={"depth": 0},
    )
    model.encoder.get_layer("mean").set_weights(list(MEAN))
    model.encoder.get_layer("log_variance").set_weights(list(LOG_VARIANCE))
    model.decoder.set_weights(list(DECODING))
    model.discriminator_features.set_weights(list(JUDGE))
    return model


@pytest.fixture
def batch():
    return {"data": tensor(DATA), "epsilon": tensor(EPSILON), "latent": tensor(LATENT)}


def judge(data):
    return data @ JUDGE[0] + JUDGE[1]


def test_encoder_loses_kl_and_feature_distance(model, batch):
    found = arrays(model.encoder_loss(batch, True))
    terms = POSTERIOR_MEAN**2 + np.exp(POSTERIOR_LOG_VARIANCE) - 1 - POSTERIOR_LOG_VARIANCE
    kl = 0.5 * terms.mean()
    FORMULA.check(found["kl"], kl)
    FORMULA.check(found["reconstruction"], DISTANCE)
    FORMULA.check(found["loss"], BETA * kl + DISTANCE)


def test_decoder_loses_feature_distance_and_what_does_not_pass_for_data(model, batch):
    found = arrays(model.decoder_loss(batch, True))
    adversarial = softplus(-judge(REBUILT)).mean() + softplus(-judge(SAMPLED)).mean()
    FORMULA.check(found["adversarial"], adversarial)
    FORMULA.check(found["loss"], GAMMA * DISTANCE + adversarial)


def test_discriminator_tells_data_from_reconstructions_and_samples(model, batch):
    found = arrays(model.discriminator_loss(batch, True))
    fakes = np.concatenate([judge(REBUILT), judge(SAMPLED)])
    FORMULA.check(found["loss"], softplus(-judge(DATA)).mean() + softplus(fakes).mean())


def test_decoder_has_the_gradient_worked_out_by_hand(model, batch):
    def objective():
        return model.decoder_loss(batch, True)["loss"], {}

    def by_data(made):
        return -np.exp(-softplus(judge(made))) @ JUDGE[0].T / len(DATA)

    by_rebuilt = GAMMA * (REBUILT - DATA) / len(DATA) + by_data(REBUILT)
    by_sampled = by_data(SAMPLED)
    found, _ = backends.current().gradients(objective, model.decoder.trainable_variables, [])
    FORMULA.check(array(found[0]), DRAWN.T @ by_rebuilt + LATENT.T @ by_sampled, name="kernel")
    FORMULA.check(array(found[1]), (by_rebuilt + by_sampled).sum(axis=0), name="bias")


def test_features_are_those_of_the_last_hidden_layer():
    options = {"depth": 1, "width": 3, "activation": "tanh", "normalization": None}
    model = zoo.create("vae_gan", shape=(2,), latent_dim=1, network_options=options)
    kernel, bias = (array(v).astype("float64") for v in model.discriminator_features.weights[:2])
    other = DATA[::-1].copy()
    features = [np.tanh(data @ kernel + bias) for data in (DATA, other)]
    expected = 0.5 * np.mean(np.sum((features[0] - features[1]) ** 2, axis=1))
    batch = {"data": tensor(DATA)}
    FORMULA.check(array(model.feature_distance(batch, tensor(other), False)), expected)


def test_discriminating_gives_the_logit_alone(model):
    found = model.use("discriminate", data=DATA)
    assert list(found) == ["logit"]
    FORMULA.check(found["logit"], judge(DATA))
