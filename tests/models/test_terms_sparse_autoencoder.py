"""Sparsity by hand: the divergence of mean activations, and the largest entries."""

from math import log

import numpy as np
import pytest

import zoo
from tests.arrays import arrays, sigmoid, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import losses
from zoo.errors import ModelError

DATA = np.array([[1.0, 0.0], [0.25, 0.5]], "float32")
CODING = np.array([[1.0, 0.5, -1.0], [-2.0, 1.0, 0.25]]), np.array([0.5, -0.25, 0.0])
DECODING = np.array([[2.0, -1.0], [0.5, 1.0], [-1.0, 0.25]]), np.array([0.25, -0.5])


def make(name, **settings):
    """Two features and a code of three."""
    model = zoo.create(name, shape=(2,), latent_dim=3, **settings)
    model.encoder.set_weights(list(CODING))
    model.decoder.set_weights(list(DECODING))
    return model


def test_divergence_of_given_activations():
    # Means .5 and .25, of which .25 should be.
    found = losses.sparsity(tensor([[0.75, 0.0], [0.25, 0.5]]), 0.25)
    FORMULA.check(found, 0.25 * log(0.25 / 0.5) + 0.75 * log(0.75 / 0.5))
    assert np.isfinite(float(losses.sparsity(tensor([[0.0, 1.0]]), 0.25)))


def test_the_loss_is_that_of_the_notes_over_half_the_features():
    found = arrays(make("sparse_autoencoder").autoencoder_loss({"data": tensor(DATA)}, True))
    code = sigmoid(DATA @ CODING[0] + CODING[1])
    outputs = code @ DECODING[0] + DECODING[1]
    squares = 0.5 * np.sum((DATA - outputs) ** 2, axis=1).mean()
    decay = 0.5 * 3e-3 * (np.sum(CODING[0] ** 2) + np.sum(DECODING[0] ** 2))
    mean = code.mean(axis=0)
    divergence = np.sum(0.1 * np.log(0.1 / mean) + 0.9 * np.log(0.9 / (1 - mean)))
    FORMULA.check(found["loss"], (squares + decay + 3.0 * divergence) / (0.5 * 2))


def test_cross_entropy_is_summed_over_the_features():
    assert make("sparse_autoencoder", loss="binary_cross_entropy").per_feature == 0.5


def test_the_code_keeps_its_largest_entries():
    model = make("k_sparse_autoencoder", active=2)
    linear = DATA @ CODING[0] + CODING[1]
    expected = np.where(linear == linear.min(axis=1, keepdims=True), 0.0, linear)
    code = model.encode(DATA)
    FORMULA.check(code, expected)
    assert ((code != 0).sum(axis=1) == 2).all()
    found = arrays(model.autoencoder_loss({"data": tensor(DATA)}, True))
    outputs = expected @ DECODING[0] + DECODING[1]
    FORMULA.check(found["loss"], np.mean((DATA - outputs) ** 2))


def test_all_entries_may_be_kept():
    model = make("k_sparse_autoencoder", active=3)
    FORMULA.check(model.encode(DATA), DATA @ CODING[0] + CODING[1])


def test_the_entries_that_are_left_out_have_no_gradient():
    model = make("k_sparse_autoencoder", active=1)
    before = model.encode(DATA[:1])
    model.fit(np.repeat(DATA[:1], 8, axis=0), steps=1, batch_size=8, verbose=0)
    kernel = np.asarray(model.encoder.get_weights()[0])
    changed = (kernel != CODING[0].astype("float32")).any(axis=0)
    EXACT.check(changed, before[0] != 0)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("k_sparse_autoencoder", {"active": 4}, "active is at most latent_dim"),
        ("sparse_autoencoder", {"activation": "relu"}, "the activation is sigmoid"),
    ],
)
@pytest.mark.once
def test_settings_that_do_not_go_together_are_refused(name, settings, message):
    with pytest.raises(ModelError, match=message):
        make(name, **settings)
