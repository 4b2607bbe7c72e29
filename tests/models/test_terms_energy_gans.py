"""Energies of autoencoders, on networks small enough to work out by hand."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import FORMULA
from zoo import losses

DATA = np.array([[1.0, 0.0], [0.25, 0.5]], "float32")
LATENT = np.array([[1.5], [-0.25]], "float32")
ENCODING = np.array([[1.0], [0.5]]), np.array([0.0])
DECODING = np.array([[0.5, -1.0]]), np.array([0.25, 0.0])
MAKING = np.array([[1.0, 2.0]]), np.array([0.0, -0.5])


def created(name, **settings):
    model = zoo.create(
        name,
        shape=(2,),
        value_range=None,
        latent_dim=1,
        code_dim=1,
        network_options={"depth": 0},
        **settings,
    )
    model.encoder.set_weights(list(ENCODING))
    model.decoder.set_weights(list(DECODING))
    model.generator.set_weights(list(MAKING))
    return model


@pytest.fixture
def batch():
    return {"data": tensor(DATA), "latent": tensor(LATENT)}


def rebuilt(data):
    return (data @ ENCODING[0] + ENCODING[1]) @ DECODING[0] + DECODING[1]


SAMPLES = LATENT @ MAKING[0] + MAKING[1]


def test_the_pulling_away_term_is_the_mean_squared_cosine_of_pairs():
    codes = tensor([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0]])
    FORMULA.check(array(losses.pulling_away(codes)), (0 + 0.5 + 0.5) / 3)
    FORMULA.check(array(losses.pulling_away(tensor([[1.0, 1.0]] * 4))), 1.0)


def test_k_moves_towards_the_equilibrium_and_stays_within_zero_and_one():
    for real, fake, k, following in (
        (2.0, 0.5, 0.2, 0.25),
        (1.0, 9.0, 0.2, 0.0),
        (30.0, 0, 0.5, 1),
    ):
        found, measure = losses.equilibrium(
            tensor(real), tensor(fake), tensor(k), ratio=0.5, rate=0.1
        )
        FORMULA.check(array(found), following)
        FORMULA.check(array(measure), real + abs(0.5 * real - fake))


@pytest.mark.parametrize("margin", [0.5, 50.0])
def test_ebgan_raises_samples_to_the_margin(batch, margin):
    model = created("ebgan", margin=margin, pulling_away=0.25)
    real, fake = (np.mean((x - rebuilt(x)) ** 2, axis=1) for x in (DATA, SAMPLES))
    expected = real.mean() + np.maximum(0, margin - fake).mean()
    FORMULA.check(array(model.discriminator_loss(batch, True)["loss"]), expected)
    # Codes of one entry have one direction: the term is 1.
    FORMULA.check(array(model.generator_loss(batch, True)["loss"]), fake.mean() + 0.25)


def test_began_weighs_samples_by_k(batch):
    model = created("began", gamma=0.75, k_rate=0.5, pulling_away=0.25)
    model.k.assign(0.25)
    real, fake = (np.mean(np.abs(x - rebuilt(x))) for x in (DATA, SAMPLES))
    logs = model.discriminator_loss(batch, True)
    following = array(logs.pop("next")["k"])
    found = arrays(logs)
    FORMULA.check(found["loss"], real - 0.25 * fake)
    FORMULA.check(found["convergence"], real + abs(0.75 * real - fake))
    FORMULA.check(following, np.clip(0.25 + 0.5 * (0.75 * real - fake), 0, 1))
    FORMULA.check(array(model.generator_loss(batch, True)["loss"]), fake + 0.25)


def test_scores_are_the_energies():
    model = created("ebgan")
    FORMULA.check(model.use("score", data=DATA)["score"], np.mean((DATA - rebuilt(DATA)) ** 2, 1))
