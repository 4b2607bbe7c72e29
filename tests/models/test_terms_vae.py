"""The evidence lower bound on networks small enough to work out by hand."""

from math import log, pi

import keras
import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, sigmoid, softplus, tensor
from tests.tolerances import FORMULA
from zoo import backends
from zoo.errors import ModelError
from zoo.losses import reparameterize

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


def terms(model, step=0.0):
    batch = {"data": tensor(DATA), "epsilon": tensor(EPSILON), "step": tensor(step)}
    return arrays(model.elbo_loss(batch, True))


def expected():
    mean = DATA @ MEAN[0] + MEAN[1]
    log_variance = DATA @ LOG_VARIANCE[0] + LOG_VARIANCE[1]
    latent = mean + np.exp(log_variance / 2) * EPSILON
    kl = np.mean(0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance))
    return latent @ DECODING[0] + DECODING[1], kl


@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_bernoulli_bound_sums_over_the_features(beta):
    logits, kl = expected()
    reconstruction = np.sum(softplus(logits) - DATA * logits) / 2
    found = terms(make(beta=beta))
    FORMULA.check(found["reconstruction"], reconstruction)
    FORMULA.check(found["kl"], kl)
    FORMULA.check(found["loss"], reconstruction + beta * kl)


@pytest.mark.parametrize("value_range", [(0, 1), (-1, 1), None], ids=str)
def test_gaussian_bound_is_of_a_linear_mean_which_the_part_clips(value_range):
    mean, kl = expected()
    squares = np.sum((DATA - mean) ** 2) / 2
    reconstruction = squares / (2 * 0.5**2) + 2 * log(0.5) + log(2 * pi)
    model = make(likelihood="gaussian", stddev=0.5, value_range=value_range, beta=0.25)
    found = terms(model)
    FORMULA.check(found["reconstruction"], reconstruction)
    FORMULA.check(found["loss"], reconstruction + 0.25 * kl)
    code = DATA @ MEAN[0] + MEAN[1]
    made = code @ DECODING[0] + DECODING[1]
    assert made.min() < -1 and made.max() > 1
    clipped = made if value_range is None else np.clip(made, *value_range)
    FORMULA.check(model.reconstruct(DATA), clipped)


def test_the_likelihood_follows_the_range():
    assert make().density == "bernoulli"
    assert make(value_range=(-1, 1)).density == make(value_range=None).density == "gaussian"
    with pytest.raises(ModelError, match=r"Bernoulli.*needs data in \(0, 1\). Received: "):
        make(likelihood="bernoulli", value_range=None)


@pytest.mark.parametrize(
    ("step", "share"), [(0.0, 0.0), (1.0, 0.1), (7.0, 0.7), (10.0, 1.0), (25.0, 1.0)]
)
def test_warm_up_raises_the_weight_of_the_divergence_linearly(step, share):
    found = terms(make(beta=4.0, warm_up=10), step)
    FORMULA.check(found["loss"], found["reconstruction"] + 4.0 * share * found["kl"])
    without = terms(make(beta=4.0), step)
    FORMULA.check(without["loss"], without["reconstruction"] + 4.0 * without["kl"])


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
    FORMULA.check(array(reparameterize(**posterior, epsilon=tensor([[0.5, -1.0]]))), [[2.0, -4.0]])


def test_encoding_is_the_mean_and_sampling_decodes_the_prior():
    model = make()
    FORMULA.check(model.encode(DATA), DATA @ MEAN[0] + MEAN[1])
    latent = model.prior["latent"].draw(np.random.default_rng([7]), 3)
    FORMULA.check(model.sample(3, seed=7), sigmoid(latent @ DECODING[0] + DECODING[1]))
    assert keras.backend.standardize_dtype(model.sample(3).dtype) == "float32"


def test_a_conditional_bound_reads_the_labels_in_both_networks():
    model = zoo.create("vae", shape=(2,), latent_dim=1, num_classes=2, network_options={"depth": 0})
    labels = np.array([1, 0], "int32")
    by_label = {"mean": [[0.5], [-1.0]], "log_variance": [[0.25], [0.75]]}
    for head, (kernel, bias) in {"mean": MEAN, "log_variance": LOG_VARIANCE}.items():
        weights = [np.concatenate([kernel, by_label[head]]), bias]
        model.encoder.get_layer(head).set_weights(weights)
    offsets = np.array([[1.0, 2.0], [-3.0, 1.0]])
    model.decoder.set_weights([np.concatenate([DECODING[0], offsets]), DECODING[1]])
    mean = DATA @ MEAN[0] + MEAN[1] + np.array(by_label["mean"])[labels]
    log_variance = DATA @ LOG_VARIANCE[0] + LOG_VARIANCE[1]
    log_variance = log_variance + np.array(by_label["log_variance"])[labels]
    latent = mean + np.exp(log_variance / 2) * EPSILON
    logits = latent @ DECODING[0] + DECODING[1] + offsets[labels]
    batch = {"data": DATA, "epsilon": EPSILON}
    batch = {name: tensor(value) for name, value in batch.items()}
    found = arrays(model.elbo_loss({**batch, "labels": tensor(labels, "int32")}, True))
    FORMULA.check(found["reconstruction"], np.sum(softplus(logits) - DATA * logits) / 2)
    kl = np.mean(0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance))
    FORMULA.check(found["kl"], kl)
