"""Pairs of data and latents, on networks small enough to work out by hand."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, softplus, tensor
from tests.tolerances import FORMULA

DATA = np.array([[1.0, 0.0], [0.25, 0.5]], "float32")
LATENT = np.array([[0.5], [-0.25]], "float32")
EPSILON = np.array([[2.0], [-1.0]], "float32")
ENCODING = np.array([[0.5], [-1.0]]), np.array([0.25])
MAKING = np.array([[1.0, 2.0]]), np.array([0.0, -0.5])
JUDGE = np.array([[1.0], [-0.5], [2.0]]), np.array([0.125])
SETTINGS = {"shape": (2,), "value_range": None, "latent_dim": 1, "network_options": {"depth": 0}}


def model_of(name, **settings):
    model = zoo.create(name, **SETTINGS, **settings)
    model.generator.set_weights(list(MAKING))
    model.discriminator.set_weights(list(JUDGE))
    return model


def judged(data, latent):
    return np.concatenate([data, latent], axis=1) @ JUDGE[0] + JUDGE[1]


CODE = DATA @ ENCODING[0] + ENCODING[1]
FAKE = judged(LATENT @ MAKING[0] + MAKING[1], LATENT)


@pytest.fixture
def batch():
    return {"data": tensor(DATA), "latent": tensor(LATENT), "epsilon": tensor(EPSILON)}


def test_the_discriminator_tells_pairs_apart(batch):
    model = model_of("bigan")
    model.encoder.set_weights(list(ENCODING))
    real = judged(DATA, CODE)
    expected = softplus(-real).mean() + softplus(FAKE).mean()
    FORMULA.check(array(model.discriminator_loss(batch, True)["loss"]), expected)
    expected = softplus(real).mean() + softplus(-FAKE).mean()
    FORMULA.check(array(model.generator_loss(batch, True)["loss"]), expected)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (
            "least_squares",
            lambda real, fake: 0.5 * np.mean(real**2) + 0.5 * np.mean((fake - 1) ** 2),
        ),
        ("wasserstein", lambda real, fake: real.mean() - fake.mean()),
        ("relativistic", lambda real, fake: softplus(real - fake).mean()),
    ],
)
def test_encoder_and_generator_play_the_other_side_of_any_game(batch, loss, expected):
    model = zoo.create("bigan", **SETTINGS, loss=loss)
    model.generator.set_weights(list(MAKING))
    model.encoder.set_weights(list(ENCODING))
    bias = loss == "least_squares"
    model.discriminator.set_weights([JUDGE[0], np.zeros(1)] if bias else [JUDGE[0]])
    real, fake = (logits - JUDGE[1] for logits in (judged(DATA, CODE), FAKE))
    FORMULA.check(array(model.generator_loss(batch, True)["loss"]), expected(real, fake))


def test_ali_draws_the_latents_of_data(batch):
    model = model_of("ali")
    model.encoder.get_layer("mean").set_weights(list(ENCODING))
    model.encoder.get_layer("log_variance").set_weights([np.zeros((2, 1)), np.array([np.log(4)])])
    real = judged(DATA, CODE + 2 * EPSILON)
    expected = softplus(-real).mean() + softplus(FAKE).mean()
    FORMULA.check(array(model.discriminator_loss(batch, True)["loss"]), expected)
    FORMULA.check(model.encode(DATA), CODE)


def test_images_are_read_before_their_latents():
    model = zoo.create(
        "bigan", shape=(8, 8, 1), latent_dim=2, pair_widths=(3,), network_options={"width": 2}
    )
    assert model.trunk.output["seen"].shape == (None, 3)
    rng = np.random.default_rng(0)
    data = rng.uniform(-1, 1, (2, 8, 8, 1)).astype("float32")
    latents = rng.normal(size=(2, 2)).astype("float32")
    made = [
        model.use("discriminate", data=data, latent=z)["logit"] for z in (latents, latents[::-1])
    ]
    assert (made[0] != made[1]).all()
    seen = {"latent": tensor(latents), "inferred": tensor(latents)}
    FORMULA.check(array(model.discriminate(tensor(data), seen, False, "fake")["logit"]), made[0])
