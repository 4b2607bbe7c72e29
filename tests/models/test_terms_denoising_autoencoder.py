"""Corruptions by hand, and the loss of clean data given noisy data."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, sigmoid, softplus, tensor
from tests.tolerances import EXACT, FORMULA, SAMPLING
from zoo.autoencoders.corruptions import corrupter, noise
from zoo.data import as_data
from zoo.errors import ModelError
from zoo.training.callbacks import originals_and_reconstructions

DATA = np.array([[0.75, 0.25, 0.5, 1.0]], "float32")
DRAWN = np.array([[0.05, 0.95, 0.5, 0.2]], "float32")
CODING = np.array([[1.0], [-2.0]]), np.array([0.5])
DECODING = np.array([[2.0, -1.0]]), np.array([0.25, -0.5])


@pytest.mark.parametrize(
    ("kind", "drawn", "value_range", "expected"),
    [
        ("gaussian", [[1.0, -2.0, 0.0, 1.0]], (0, 1), [[0.95, -0.15, 0.5, 1.2]]),
        ("masking", [[1.0, 0.0, 1.0, 0.0]], (0, 1), [[0.75, 0.0, 0.5, 0.0]]),
        ("masking", [[1.0, 0.0, 1.0, 0.0]], (-1, 1), [[0.75, -1.0, 0.5, -1.0]]),
        ("salt_and_pepper", DRAWN, (0, 1), [[0.0, 1.0, 0.5, 1.0]]),
        ("salt_and_pepper", DRAWN, (-1, 1), [[-1.0, 1.0, 0.5, 1.0]]),
    ],
)
def test_corruptions_are_those_worked_out_by_hand(kind, drawn, value_range, expected):
    part = corrupter(kind, 0.2, (4,), value_range)
    made = part({"data": tensor(DATA), "noise": tensor(drawn)})["corrupted"]
    FORMULA.check(array(made), expected)


@pytest.mark.parametrize("kind", ["masking", "salt_and_pepper"])
@pytest.mark.once
def test_the_level_is_the_share_of_the_features_that_change(kind):
    drawn = noise(kind, 0.3, (100,)).draw(np.random.default_rng(0), 600)
    data = np.full((600, 100), 0.5, "float32")
    made = corrupter(kind, 0.3, (100,), (0, 1))({"data": tensor(data), "noise": tensor(drawn)})
    SAMPLING.check(np.mean(array(made["corrupted"]) != 0.5), 0.3)
    if kind == "salt_and_pepper":
        SAMPLING.check(np.mean(array(made["corrupted"]) == 1.0), 0.15)


def make(**settings):
    """Two features, one code, linear but for the output."""
    options = {"shape": (2,), "latent_dim": 1, "activation": "linear", "corruption": "gaussian"}
    model = zoo.create("denoising_autoencoder", **options | settings)
    model.encoder.set_weights(list(CODING))
    model.decoder.set_weights(list(DECODING))
    return model


CLEAN = np.array([[1.0, 0.0], [0.25, 0.5]], "float32")
NOISY = np.array([[0.5, 0.25], [1.0, 0.0]], "float32")


def logits_of(data):
    return (data @ CODING[0] + CODING[1]) @ DECODING[0] + DECODING[1]


def expected():
    return np.mean(softplus(logits_of(NOISY)) - CLEAN * logits_of(NOISY))


def test_the_loss_is_of_clean_data_given_noisy_data():
    batch = {"data": tensor(CLEAN), "noise": tensor((NOISY - CLEAN) / 0.25)}
    FORMULA.check(arrays(make().autoencoder_loss(batch, True))["loss"], expected())


def test_pairs_of_noisy_and_clean_data_need_no_corruption():
    model = make(corruption=None)
    assert model.reads == {"target": (2,)} and not model.noise
    batch = {"data": tensor(NOISY), "target": tensor(CLEAN)}
    FORMULA.check(arrays(model.autoencoder_loss(batch, True))["loss"], expected())
    assert "restore" not in model.table()


def test_denoising_is_decoding_of_the_encoding():
    model = make()
    found = model.use("denoise", data=NOISY)["clean"]
    FORMULA.check(found, sigmoid(logits_of(NOISY)))


def test_restoring_corrupts_first():
    model = make(corruption="masking", level=0.5)
    found = model.use("restore", data=np.tile(CLEAN, (20, 1)), seed=3)
    drawn = model.noise["noise"].draw(np.random.default_rng([3]), 40)
    EXACT.check(found["corrupted"], np.tile(CLEAN, (20, 1)) * drawn)
    FORMULA.check(found["clean"], sigmoid(logits_of(found["corrupted"])))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"corruption": "masking", "level": 1.5}, "a share of the features"),
        ({"corruption": "salt_and_pepper", "value_range": None}, "a lowest and a highest value"),
        ({"corruption": "rain"}, "corruption is 'gaussian' or 'masking' or 'salt_and_pepper'"),
    ],
)
@pytest.mark.once
def test_settings_that_do_not_go_together_are_refused(settings, message):
    with pytest.raises(ModelError, match=message):
        zoo.create("denoising_autoencoder", shape=(2,), **settings)


@pytest.mark.parametrize("shape", [(16, 2), (8, 8, 1)])
@pytest.mark.once
def test_convolutions_have_a_map_as_their_code(shape):
    options = {"network": "conv_pool", "network_options": {"width": 4, "depth": 1}}
    model = zoo.create("denoising_autoencoder", shape=shape, **options)
    assert model.encoder.output["code"].shape == (None, *(s // 2 for s in shape[:-1]), 4)


@pytest.mark.parametrize(("corruption", "rows"), [("masking", 4), (None, 2)])
@pytest.mark.once
def test_pictures_show_clean_and_noisy_data_and_what_is_made_of_them(corruption, rows):
    model = zoo.create("denoising_autoencoder", shape=(4, 4, 1), corruption=corruption)
    data = as_data(np.zeros((8, 4, 4, 1), "float32"))
    shown = originals_and_reconstructions(model, data, columns=8)
    assert shown.shape == (rows * 8, 4, 4, 1)
