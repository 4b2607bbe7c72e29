"""The least squares GAN's terms on networks small enough to work out by hand."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import FORMULA
from zoo import backends, losses

REAL = np.array([[1.0, 2.0], [-0.5, 0.25], [0.0, -1.0]], "float32")
LATENT = np.array([[0.5], [-1.0], [2.0]], "float32")
GENERATOR = np.array([[2.0, -1.0]]), np.array([0.25, 0.5])
JUDGE = np.array([[0.5], [-1.5]]), np.array([0.2])
FAKE = LATENT @ GENERATOR[0] + GENERATOR[1]
LABELS = [{}, {"fake_label": -1.0, "real_label": 1.0, "target_label": 0.0}]


def make(**settings):
    """Two features, one latent, both networks one linear layer."""
    options = {"latent_dim": 1, "value_range": None, "network_options": {"depth": 0}}
    model = zoo.create("lsgan", shape=(2,), **options | settings)
    model.generator.set_weights(list(GENERATOR))
    model.discriminator.set_weights(list(JUDGE))
    return model


def batch():
    return {"data": tensor(REAL), "latent": tensor(LATENT)}


def judge(data):
    return data @ JUDGE[0] + JUDGE[1]


def test_losses_on_given_logits():
    real, fake = tensor([[1.0], [0.5]]), tensor([[-1.0], [3.0]])
    FORMULA.check(losses.least_squares_discriminator(real, fake), 0.25 * 0.25 + 0.25 * (1 + 9))
    FORMULA.check(losses.least_squares_generator(fake), 0.25 * (4 + 4))
    found = losses.least_squares_discriminator(real, fake, real_label=0.0, fake_label=1.0)
    FORMULA.check(found, 0.25 * (1 + 0.25) + 0.25 * (4 + 4))


@pytest.mark.parametrize("labels", LABELS)
def test_the_discriminator_draws_data_to_their_labels(labels):
    a, b = labels.get("fake_label", 0.0), labels.get("real_label", 1.0)
    found = arrays(make(**labels).discriminator_loss(batch(), True))
    real, fake = judge(REAL), judge(FAKE)
    FORMULA.check(found["loss"], 0.5 * np.mean((real - b) ** 2) + 0.5 * np.mean((fake - a) ** 2))
    FORMULA.check(found["real"], real.mean())
    FORMULA.check(found["fake"], fake.mean())


@pytest.mark.parametrize("labels", LABELS)
def test_the_generator_draws_its_data_to_the_target_label(labels):
    model, c = make(**labels), labels.get("target_label", 1.0)
    trained = model.phases[1].variables

    def objective():
        return model.generator_loss(batch(), True)["loss"], {}

    FORMULA.check(
        arrays(model.generator_loss(batch(), True))["loss"], 0.5 * np.mean((judge(FAKE) - c) ** 2)
    )
    found, _ = backends.current().gradients(objective, trained, [])
    slopes = (judge(FAKE) - c) / 3 @ JUDGE[0].T
    FORMULA.check(array(found[0]), LATENT.T @ slopes)
    FORMULA.check(array(found[1]), slopes.sum(axis=0))


@pytest.mark.once
def test_convolutional_networks_are_normalized_by_batches():
    model = zoo.create("lsgan", shape=(8, 8, 1), network_options={"width": 4})
    kinds = [type(layer).__name__ for layer in model.generator.layers]
    assert "BatchNormalization" in kinds
