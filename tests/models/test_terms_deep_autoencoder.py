"""Layers of the deep autoencoder, and principal components beside the linear and the deep one."""

import numpy as np
import pytest

import zoo
from tests.arrays import array
from tests.tolerances import FORMULA
from zoo.metrics.baselines import mean_error, principal_components_error

CODE = 4


def units(network):
    return [weight.shape[1] for weight in network.weights if len(weight.shape) == 2]


def test_widths_are_a_list_and_the_decoder_mirrors_the_encoder():
    model = zoo.create("deep_autoencoder", shape=(784,))
    assert units(model.encoder) == [64, 32] and units(model.decoder) == [64, 784]
    widths = (1000, 500, 250)
    model = zoo.create("deep_autoencoder", shape=(28, 28, 1), widths=widths, latent_dim=30)
    assert units(model.encoder) == [1000, 500, 250, 30]
    assert units(model.decoder) == [250, 500, 1000, 784]


def test_the_shallow_one_has_no_layer_but_the_code():
    model = zoo.create("shallow_autoencoder", shape=(100,), latent_dim=20)
    assert units(model.encoder) == [20] and units(model.decoder) == [100]


def test_hidden_layers_are_activated_and_the_code_is_linear():
    model = zoo.create("deep_autoencoder", shape=(2,), widths=(2,), latent_dim=1)
    first, second = [[1.0, -1.0], [2.0, 0.5]], [[3.0], [-2.0]]
    model.encoder.set_weights([np.array(w) for w in (first, [0.5, -1.0], second, [0.25])])
    data = np.array([[1.0, 0.0], [-1.0, 0.5]], "float32")
    hidden = np.maximum(data @ np.array(first) + [0.5, -1.0], 0)
    FORMULA.check(model.encode(data), hidden @ np.array(second) + 0.25)


def test_penalties_are_of_every_matrix_and_of_no_bias():
    model = zoo.create("deep_autoencoder", shape=(2,), widths=(3,), latent_dim=1, l1_penalty=0.5)
    for weight in model.weights:
        weight.assign(np.full(weight.shape, -0.1, "float32"))
    FORMULA.check(array(model.penalty({}, None)), 0.5 * 0.1 * (2 * 3 + 3 * 1 + 1 * 3 + 3 * 2))


def test_principal_components_of_data_in_a_plane_are_exact():
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(2, 5))
    train, test = (rng.normal(size=(30, 2)) @ plane + 3 for _ in range(2))
    assert principal_components_error(train, test, 2) < 1e-20 < 1e-3 < mean_error(train, test)
    FORMULA.check(mean_error(train, train), train.var(axis=0).mean())


@pytest.fixture(scope="module")
def digits():
    """Training and test rows in (0, 1)."""
    return [data.batch(np.arange(len(data)), (0, 1))["data"] for data in zoo.load_data("digits")]


def reconstruction_error(name, train, test, **settings):
    model = zoo.create(
        name, shape=train.shape[1:], latent_dim=CODE, loss="mean_squared_error", **settings
    )
    model.fit(train, steps=300, batch_size=256, steps_per_call=10, verbose=0)
    return np.mean((model.reconstruct(test) - test) ** 2)


@pytest.mark.once
def test_the_deep_one_beats_principal_components_at_equal_code_size(digits):
    options = {"widths": (64, 32), "learning_rate": 3e-3}
    deep = reconstruction_error("deep_autoencoder", *digits, **options)
    assert deep < 0.85 * principal_components_error(*digits, CODE)


@pytest.mark.once
def test_the_linear_one_matches_principal_components_on_unseen_digits(digits):
    train, test = (rows - digits[0].mean(axis=0) for rows in digits)
    options = {"activation": "linear", "learning_rate": 0.03, "value_range": None}
    linear = reconstruction_error("shallow_autoencoder", train, test, **options)
    assert 0.97 < linear / principal_components_error(train, test, CODE) < 1.03
