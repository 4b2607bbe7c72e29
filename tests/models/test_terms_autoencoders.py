"""The autoencoders' terms on networks small enough to work out by hand."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

import zoo
from tests.arrays import arrays, sigmoid, softplus
from tests.tolerances import FORMULA
from zoo.errors import ModelError

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


@pytest.mark.parametrize("value_range", [(0, 1), (-1, 1), None], ids=str)
def test_squared_error_is_of_the_linear_output_which_the_part_clips(value_range):
    _, outputs = code_and_logits()
    model = make(loss="mean_squared_error", value_range=value_range)
    FORMULA.check(terms(model)["loss"], np.mean((DATA - outputs) ** 2))
    assert outputs.min() < -1 and outputs.max() > 1
    clipped = outputs if value_range is None else np.clip(outputs, *value_range)
    FORMULA.check(model.reconstruct(DATA), clipped)


def test_squared_error_is_the_default_for_data_outside_zero_and_one():
    _, logits = code_and_logits()
    FORMULA.check(terms(make(value_range=None))["loss"], np.mean((DATA - logits) ** 2))


def test_cross_entropy_is_refused_for_data_outside_zero_and_one():
    with pytest.raises(ModelError, match=r"needs data in \(0, 1\). Received: .*value_range=None"):
        make(loss="binary_cross_entropy", value_range=None)


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
    FORMULA.check(model.decode(code.astype("float32")), sigmoid(logits))


def test_the_code_has_the_activation_that_is_named():
    code, _ = code_and_logits()
    FORMULA.check(make(activation="tanh").encode(DATA), np.tanh(code))


def test_score_is_the_squared_error_of_the_reconstruction():
    _, logits = code_and_logits()
    errors = np.mean((DATA - sigmoid(logits)) ** 2, axis=1)
    FORMULA.check(make().use("score", data=DATA)["score"], errors)


def test_interpolation_decodes_what_lies_between_two_codes():
    model, other = make(), DATA[::-1].copy()
    share = np.array([0.25, 1.0], "float32")
    code, _ = code_and_logits()
    mixed = code + share[:, None] * (code[::-1] - code)
    found = model.use("interpolate", data=DATA, other=other, share=share)["data"]
    FORMULA.check(found, sigmoid(mixed @ DECODING[0] + DECODING[1]))


def test_a_linear_autoencoder_comes_close_to_the_principal_components():
    """No linear map through 4 numbers does better; training comes within a fiftieth of it."""
    data = load_digits().images[..., None] / 16
    data = (data - data.mean(axis=0)).astype("float32")
    values = np.linalg.svd(data.reshape(-1, 64).astype("float64"), compute_uv=False)
    best = np.sum(values[4:] ** 2) / data.size
    model = zoo.create(
        "shallow_autoencoder",
        shape=(8, 8, 1),
        latent_dim=4,
        activation="linear",
        value_range=(-1, 1),
        learning_rate=0.03,
    )
    model.fit(data, steps=80, batch_size=256, steps_per_call=10, verbose=0)
    error = model.evaluate(data)["reconstruction"]  # of the linear output, before it is clipped
    assert 0.9999 * best < error < 1.02 * best, error / best
