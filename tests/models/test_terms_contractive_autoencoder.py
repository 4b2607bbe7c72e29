"""The norm of the encoder's Jacobian, against finite differences and in its mean."""

import itertools

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, sigmoid, softplus, tensor
from tests.tolerances import FINITE_DIFFERENCE, FORMULA

RNG = np.random.default_rng(0)
DATA = RNG.random((5, 3)).astype("float32")
ACTIVATIONS = {"sigmoid": sigmoid, "tanh": np.tanh, "linear": lambda x: x}
SIGNS = np.array(list(itertools.product([0.0, 1.0], repeat=4)), "float32")
STEP = 1e-5


def make(**settings):
    """Three features and a code of four, with weights large enough to bend it."""
    model = zoo.create("contractive_autoencoder", shape=(3,), latent_dim=4, **settings)
    for weight in model.weights:
        weight.assign(2 * np.random.default_rng(1).normal(size=weight.shape).astype("float32"))
    return model


def jacobian_norms(model):
    """‖∂code/∂data‖²_F of each row, by central differences in float64."""
    weights = [w.astype("float64") for w in model.encoder.get_weights()]

    def encode(x):
        for number, (kernel, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
            last = 2 * number + 2 == len(weights)
            kind = model.activation if last else model.hidden_activation
            x = ACTIVATIONS[kind](x @ kernel + bias)
        return x

    data, norms = DATA.astype("float64"), 0.0
    for feature in np.eye(3) * STEP:
        slopes = (encode(data + feature) - encode(data - feature)) / (2 * STEP)
        norms = norms + np.sum(slopes**2, axis=1)
    return norms


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_the_closed_form_is_the_norm_of_the_jacobian(activation):
    model = make(activation=activation)
    assert model.closed and not model.noise
    code = tensor(model.encode(DATA))
    found = array(model.contraction_rows({"data": tensor(DATA)}, code))
    FINITE_DIFFERENCE.check(found, jacobian_norms(model))


@pytest.mark.parametrize("settings", [{"widths": (6, 5)}, {"activation": "softsign"}])
def test_the_estimate_has_the_norm_as_its_mean_over_all_signs(settings):
    model = make(**settings)
    assert not model.closed
    estimates = []
    for signs in SIGNS:
        batch = {"data": tensor(DATA), "signs": tensor(np.tile(signs, (len(DATA), 1)))}
        estimates.append(array(model.contraction_rows(batch, None)))
    if "activation" in settings:
        ACTIVATIONS["softsign"] = lambda x: x / (1 + np.abs(x))
    FINITE_DIFFERENCE.check(np.mean(estimates, axis=0), jacobian_norms(model))


def test_the_loss_is_that_of_the_paper_over_the_features():
    model = make(contraction=0.5)
    found = arrays(model.autoencoder_loss({"data": tensor(DATA)}, True))
    weights = [*model.encoder.get_weights(), *model.decoder.get_weights()]
    kernel, bias, decoding, output = (weight.astype("float64") for weight in weights)
    code = sigmoid(DATA @ kernel + bias)
    logits = code @ decoding + output
    entropy = np.sum(softplus(logits) - DATA * logits, axis=1)
    norms = np.sum((code * (1 - code)) ** 2 * np.sum(kernel**2, axis=0), axis=1)
    FORMULA.check(found["loss"], np.mean(entropy + 0.5 * norms) / 3)


@pytest.mark.parametrize("widths", [(), (6,)])
def test_training_contracts_the_code(widths):
    rng = np.random.default_rng(2)
    data = rng.random((64, 3)).astype("float32")

    def norm(weight):
        model = zoo.create(
            "contractive_autoencoder",
            shape=(3,),
            latent_dim=4,
            widths=widths,
            contraction=weight,
            learning_rate=0.02,
        )
        model.fit(data, steps=40, batch_size=64, verbose=0)
        batch = {"data": tensor(data), "signs": tensor(np.tile(SIGNS, (4, 1)))}
        return float(array(model.contraction_rows(batch, tensor(model.encode(data)))).mean())

    assert norm(100.0) < 0.5 * norm(0.0)
