"""The autoencoders' terms on networks small enough to work out by hand."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

import zoo
from tests.arrays import arrays, sigmoid, softplus
from tests.tolerances import FORMULA

DATA = np.array([[1.0, 0.0], [0.25, 0.5]], "float32")
CODING = np.array([[1.0], [-2.0]]), np.array([0.5])
DECODING = np.array([[2.0, -1.0]]), np.array([0.25, -0.5])


def make(**settings):
    """Two features, one code, linear but for the output: `code = x·(1, −2) + ½`."""
    options = {"shape": (2,), "latent_dim": 1, "activation": "linear"}
    model = zoo.create("shallow_autoencoder", **options | settings)
    model.encoder.set_weights(list(CODING))
    model.decoder.set_weights(list(DECODING))
    return model


def code_and_logits():
    code = DATA @ CODING[0] + CODING[1]
    return code, code @ DECODING[0] + DECODING[1]


def terms(model):
    return arrays(model.autoencoder_loss({"data": keras.ops.convert_to_tensor(DATA)}, True))


def test_cross_entropy_is_read_from_the_decoders_logits():
    _, logits = code_and_logits()
    expected = np.mean(softplus(logits) - DATA * logits)
    found = terms(make())
    FORMULA.check(found["reconstruction"], expected)
    FORMULA.check(found["loss"], expected)


@pytest.mark.parametrize(
    ("value_range", "activation"),
    [((0, 1), sigmoid), ((-1, 1), np.tanh), (None, lambda x: x)],
    ids=["sigmoid", "tanh", "linear"],
)
def test_squared_error_is_of_the_activated_output(value_range, activation):
    _, logits = code_and_logits()
    found = terms(make(loss="mean_squared_error", value_range=value_range))
    FORMULA.check(found["loss"], np.mean((DATA - activation(logits)) ** 2))


def test_squared_error_is_the_default_for_data_outside_zero_and_one():
    _, logits = code_and_logits()
    FORMULA.check(terms(make(value_range=None))["loss"], np.mean((DATA - logits) ** 2))


def test_penalties_are_of_both_matrices_and_of_no_bias():
    found = terms(make(l1_penalty=0.1, l2_penalty=0.01))
    # |1| + |−2| + |2| + |−1| and their squares.
    penalty = 0.1 * (1 + 2 + 2 + 1) + 0.01 * (1 + 4 + 4 + 1)
    FORMULA.check(found["loss"] - found["reconstruction"], penalty)


def test_the_code_is_the_encoders_output():
    model = make()
    code, logits = code_and_logits()
    FORMULA.check(model.encode(DATA), code)
    FORMULA.check(model.reconstruct(DATA), sigmoid(logits))


def test_a_linear_autoencoder_comes_close_to_the_principal_components():
    """No linear map through 4 numbers does better; training comes within a fiftieth of it."""
    data = load_digits().data / 16
    data = (data - data.mean(axis=0)).astype("float32")
    values = np.linalg.svd(data.astype("float64"), compute_uv=False)
    best = np.sum(values[4:] ** 2) / data.size
    model = zoo.create(
        "shallow_autoencoder",
        shape=(64,),
        latent_dim=4,
        activation="linear",
        loss="mean_squared_error",
        value_range=None,
        learning_rate=0.03,
    )
    model.fit(data, steps=80, batch_size=256, steps_per_call=10, verbose=0)
    error = np.mean((model.reconstruct(data) - data) ** 2)
    assert 0.9999 * best < error < 1.02 * best, error / best
