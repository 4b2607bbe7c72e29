"""The score of f-AnoGAN on networks small enough to work out by hand."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA
from zoo.errors import ModelError

DATA = np.array([[1.0, 0.0], [0.25, 0.5]], "float32")
MAKING = np.array([[1.0, 2.0]]), np.array([0.0, -0.5])
CODE = np.array([[0.5], [-1.0]]), np.array([0.25])
WIDTH = {"network_options": {"width": 3, "depth": 1}}
VECTORS = {"shape": (2,), "value_range": None, "standardize_vectors": False}


def gan():
    model = zoo.create("gan", **VECTORS, latent_dim=1, network_options={"depth": 0})
    model.generator.set_weights(list(MAKING))
    return model


@pytest.fixture
def model():
    model = zoo.create("f_anogan", **VECTORS, gan=gan(), kappa=0.5, network_options={"depth": 0})
    model.encoder.set_weights(list(CODE))
    return model


def made(data):
    return (data @ CODE[0] + CODE[1]) @ MAKING[0] + MAKING[1]


def test_the_score_is_the_residual_of_data_and_of_features(model):
    # A discriminator without hidden layers: its features are the data.
    squares = (DATA - made(DATA)) ** 2
    found = model.use("anomaly", data=DATA)
    FORMULA.check(found["score"], 1.5 * squares.mean(axis=1))
    FORMULA.check(found["heat"], squares)
    batch = {"data": tensor(DATA), "step": tensor(0)}
    FORMULA.check(array(model.encoder_loss(batch, True)["loss"]), 1.5 * squares.mean())


def test_a_trained_gan_stays_as_it_is(model):
    before = [array(v).copy() for v in model.generator.weights]
    model.fit(DATA, steps=3, batch_size=2, verbose=0)
    for old, new in zip(before, model.generator.weights, strict=True):
        EXACT.check(array(new), old)


def test_an_own_gan_learns_first():
    options = {"own_gan": "gan", "gan_options": {"latent_dim": 1, **WIDTH}, **WIDTH}
    model = zoo.create("f_anogan", **VECTORS, gan_steps=2, **options)
    parts = [model.generator.weights, model.encoder.weights]
    start = [[array(v).copy() for v in part] for part in parts]
    changed = []
    for steps in (2, 4):
        model.fit(DATA, steps=steps, batch_size=2, verbose=0)
        now = [[array(v).copy() for v in part] for part in parts]
        changed.append(
            [
                any((a != b).any() for a, b in zip(*p, strict=True))
                for p in zip(start, now, strict=True)
            ]
        )
        start = now
    assert changed == [[True, False], [False, True]]


def test_a_gan_that_reads_labels_is_named():
    with pytest.raises(ModelError, match="a GAN reads a latent, and judges data"):
        zoo.create("f_anogan", **VECTORS, gan=zoo.create("cgan", **VECTORS, num_classes=2))
