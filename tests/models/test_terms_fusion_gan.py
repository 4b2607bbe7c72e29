"""The losses of FusionGAN on networks small enough to work out by hand."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, softplus, tensor
from tests.tolerances import FORMULA
from zoo import backends

DATA = np.array([[1.0, 0.0], [0.25, 0.5]], "float32")
LATENT = np.array([[1.5], [-0.25]], "float32")
LOGIT = np.array([[0.5], [-1.5]]), np.array([0.2])
CODE = np.array([[1.0], [-2.0]]), np.array([0.5])
MAKING = np.array([[2.0, -1.0]]), np.array([0.25, -0.5])
WEIGHTS = {"reconstruction": 3.0, "latent_distance": 0.5}

SAMPLES = LATENT @ MAKING[0] + MAKING[1]
REBUILT = (DATA @ CODE[0] + CODE[1]) @ MAKING[0] + MAKING[1]
RECONSTRUCTION = np.mean((DATA - REBUILT) ** 2)
DISTANCE = np.mean((SAMPLES @ CODE[0] + CODE[1] - LATENT) ** 2)
ADDED = 3.0 * RECONSTRUCTION + 0.5 * DISTANCE


@pytest.fixture(params=[True, False], ids=["shared", "separate"])
def model(request):
    model = zoo.create(
        "fusion_gan",
        shape=(2,),
        latent_dim=1,
        value_range=None,
        network_options={"depth": 0},
        shared=request.param,
        **WEIGHTS,
    )
    for part, name, values in (
        (model.discriminator, "logit", LOGIT),
        (model.encoder, "code", CODE),
    ):
        (kernel, bias) = (w for w in part.weights if name in w.path)
        kernel.assign(values[0])
        bias.assign(values[1])
    model.generator.set_weights(list(MAKING))
    return model


@pytest.fixture
def batch():
    return {"data": tensor(DATA), "latent": tensor(LATENT), "step": tensor(0.0)}


def judge(data):
    return data @ LOGIT[0] + LOGIT[1]


def test_the_trunk_loses_what_the_discriminator_does_and_both_distances(model, batch):
    found = arrays(model.discriminator_loss(batch, True))
    adversarial = softplus(-judge(DATA)).mean() + softplus(judge(SAMPLES)).mean()
    FORMULA.check(found["reconstruction"], RECONSTRUCTION)
    FORMULA.check(found["latent_distance"], DISTANCE)
    FORMULA.check(found["loss"], adversarial + ADDED)


def test_the_generator_loses_what_it_does_in_a_gan_and_both_distances(model, batch):
    found = arrays(model.generator_loss(batch, True))
    FORMULA.check(found["loss"], softplus(-judge(SAMPLES)).mean() + ADDED)


def test_the_generator_has_the_gradient_worked_out_by_hand(model, batch):
    def objective():
        return model.generator_loss(batch, True)["loss"], {}

    by_samples = -np.exp(-softplus(judge(SAMPLES))) @ LOGIT[0].T / 2
    errors = SAMPLES @ CODE[0] + CODE[1] - LATENT
    by_samples = by_samples + 0.5 * 2 * errors @ CODE[0].T / 2
    by_rebuilt = 3.0 * 2 * (REBUILT - DATA) / 4
    codes = DATA @ CODE[0] + CODE[1]
    found, _ = backends.current().gradients(objective, model.generator.trainable_variables, [])
    FORMULA.check(array(found[0]), LATENT.T @ by_samples + codes.T @ by_rebuilt, name="kernel")
    FORMULA.check(array(found[1]), (by_samples + by_rebuilt).sum(axis=0), name="bias")


def test_one_trunk_serves_encoder_and_discriminator():
    options = {"shape": (8, 8, 1), "network_options": {"width": 4}, "latent_dim": 3}
    shared, separate = (zoo.create("fusion_gan", shared=s, **options) for s in (True, False))

    def common(model):
        ours, theirs = (
            {id(w) for w in part.weights} for part in (model.encoder, model.discriminator)
        )
        return len(ours & theirs)

    assert common(shared) == len(shared.encoder.weights) - 2  # but the head's
    assert common(separate) == 0
    assert {id(v) for v in separate.phases[0].variables} == {
        id(v) for p in (separate.encoder, separate.discriminator) for v in p.trainable_variables
    }
