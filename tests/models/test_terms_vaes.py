"""What the variations of the variational autoencoder change in its bound."""

import keras
import numpy as np
import pytest

import zoo
from tests.arrays import arrays, tensor
from tests.tolerances import FORMULA
from zoo.errors import ModelError
from zoo.registry import describe

DATA = np.array([[1.0, 0.0], [0.25, 0.5]], "float32")
EPSILON = np.array([[0.5], [-2.0]], "float32")


def terms(name, step=0, **settings):
    """The bound's terms of a model of two features and one latent; all models have one seed."""
    options = {"shape": (2,), "latent_dim": 1, "network_options": {"depth": 0}}
    model = zoo.create(name, **options | settings)
    fields = {"data": tensor(DATA), "epsilon": tensor(EPSILON), "step": tensor(step)}
    return arrays(model.elbo_loss(fields, True))


def test_the_beta_vae_weighs_the_divergence_by_four():
    assert describe("beta_vae").fields()["beta"].default == 4.0
    found = terms("beta_vae")
    FORMULA.check(found["loss"], found["reconstruction"] + 4 * found["kl"])


@pytest.mark.parametrize(("step", "capacity"), [(0, 0.0), (25, 5.0), (50, 10.0), (80, 10.0)])
def test_the_annealed_vae_holds_the_divergence_at_a_capacity_that_grows(step, capacity):
    settings = {"gamma": 30.0, "capacity": 10.0, "capacity_steps": 50}
    found = terms("annealed_vae", step, **settings)
    distance = abs(found["kl"] - capacity)
    FORMULA.check(found["loss"], found["reconstruction"] + 30.0 * distance)
    assert distance > 0.01


@pytest.mark.once
def test_the_annealed_vae_has_the_defaults_of_its_paper():
    settings = zoo.create("annealed_vae", shape=(2,)).settings
    assert [settings[k] for k in ("gamma", "capacity", "capacity_steps")] == [1000.0, 25.0, 100_000]


def test_both_networks_of_the_conditional_vae_read_the_label():
    options = {"shape": (2,), "latent_dim": 1, "network_options": {"depth": 0}, "num_classes": 3}
    model = zoo.create("conditional_vae", **options)
    kernel, bias = (keras.ops.convert_to_numpy(w) for w in model.decoder.weights)
    latent = np.array([[0.5], [-1.0]], "float32")
    labels = np.array([2, 0], "int32")
    logits = latent @ kernel[:1] + kernel[1:][labels] + bias
    found = model.use("decode", code=latent, labels=labels)["data"]
    FORMULA.check(found, 1 / (1 + np.exp(-logits)))
    mean, bias = (keras.ops.convert_to_numpy(w) for w in model.encoder.get_layer("mean").weights)
    FORMULA.check(model.encode(DATA, labels=labels), DATA @ mean[:2] + mean[2:][labels] + bias)


@pytest.mark.once
def test_the_conditional_vae_needs_to_know_the_classes():
    with pytest.raises(ModelError, match="needs the setting num_classes"):
        zoo.create("conditional_vae", shape=(2,))


@pytest.mark.once
def test_the_conditional_vae_draws_the_classes_in_turn():
    model = zoo.create("conditional_vae", shape=(2,), num_classes=3, latent_dim=1)
    latent = np.zeros((6, 1), "float32")
    drawn = model.use("sample", latent=latent)["data"]
    FORMULA.check(drawn, model.decode(latent, labels=np.arange(6) % 3))
