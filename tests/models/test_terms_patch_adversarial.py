"""The adaptive weight, the perceptual distance and the start of the game."""

import keras
import numpy as np
import pytest
from keras import ops

from tests import tiny
from tests.arrays import array, arrays, tensor
from tests.tolerances import FINITE_DIFFERENCE, FORMULA
from zoo.errors import ModelError
from zoo.networks import apply, perceptual

STEP = 1e-3


def identity(shape):
    data = keras.Input(shape, name="data")
    return keras.Model({"data": data}, {"map": data}, name="identity")


def test_the_perceptual_distance_is_of_unit_features_at_each_place():
    network = identity((1, 2, 2))
    data = tensor([[[[3.0, 4.0], [1.0, 0.0]]]])
    made = tensor([[[[6.0, 8.0], [0.0, 7.0]]]])
    FORMULA.check(array(perceptual.distance(network, data, made)), (0 + 2) / 2)


def test_random_filters_are_the_same_in_every_model():
    ours, theirs = (perceptual.random_features((8, 8, 1)) for _ in range(2))
    for one, other in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_array_equal(array(one), array(other))
    assert [m.shape[1:] for m in ours.output.values()] == [(8, 8, 16), (4, 4, 32), (2, 2, 64)]


def test_vgg16_reads_images_grey_or_in_colour():
    network = perceptual.vgg16_features((32, 32, 1), weights=None)
    assert list(network.output) == list(perceptual.TAPS["VGG16"])
    with pytest.raises(ModelError, match="VGG16 reads images from 32 pixels"):
        perceptual.vgg16_features((28, 28, 1), weights=None)


@pytest.mark.once
@pytest.mark.parametrize("name", ["vqgan", "autoencoder_kl", "srgan"])
def test_a_perceptual_network_reads_the_data(name):
    message = r"perceptual reads data \(8, 8, 1\).*Received: data \(9, 9, 1\)"
    with pytest.raises(ModelError, match=message):
        tiny.create(name, perceptual=identity((9, 9, 1)))
    with pytest.raises(ModelError, match="perceptual is a functional Keras model"):
        tiny.create(name, perceptual=keras.Sequential([keras.layers.Flatten()]))
    own = identity((None, None, 1))
    own.trainable = True
    assert tiny.create(name, perceptual=own).perceptual is own
    assert not own.trainable


@pytest.fixture(scope="module")
def model():
    return tiny.create("autoencoder_kl", perceptual_weight=0.0, network_options={"width": 2})


def batch_of(model, step):
    rows = {"data": tiny.rows(model, 3)["data"], "step": step}
    rows["epsilon"] = np.random.default_rng(0).normal(size=(3, *model.noise["epsilon"].shape))
    return {name: tensor(value) for name, value in rows.items()}


def test_the_adaptive_weight_compares_slopes_by_the_last_kernel(model):
    batch = batch_of(model, 0)
    latent, _, _ = model.rebuild(batch, False)
    features = apply(model.decoder_body, {"latent": latent}, False)["features"]
    kernel = model.decoder_end.trainable_variables[0]

    def made():
        return model.decoder_end({"features": features})["data"]

    functions = [
        lambda: ops.mean(ops.absolute(batch["data"] - made())),
        lambda: model.passing(made(), batch, False),
    ]
    slopes = [array(slope).astype("float64") for slope in model.slopes(batch, features)]
    value = array(kernel).copy()
    for function, slope in zip(functions, slopes, strict=True):
        ends = []
        for sign in (1, -1):  # along the slope itself, where the function changes most
            kernel.assign(value + sign * STEP * slope / np.linalg.norm(slope))
            ends.append(float(array(function())))
        kernel.assign(value)
        found = (ends[0] - ends[1]) / (2 * STEP)
        FINITE_DIFFERENCE.check(np.linalg.norm(slope), found)
    reached, passed = (np.linalg.norm(slope) for slope in slopes)
    weight = float(array(model.adaptive_weight(batch, features)))
    FORMULA.check(weight, reached / (passed + 1e-4))


def test_the_game_begins_at_its_step(model):
    for step in (0, model.discriminator_start):
        logs = arrays(model.autoencoder_loss(batch_of(model, step), False))
        game = 0.8 * logs["adaptive_weight"] * logs["adversarial"] if step else 0.0
        divergence = model.kl_weight * logs["kl"] / 64
        FORMULA.check(logs["loss"], logs["reconstruction"] + divergence + game)
        assert model.phases[1].when(step) == bool(step)


def test_the_two_halves_of_a_decoder_are_the_decoder(model):
    latent = batch_of(model, 0)["epsilon"]
    features = apply(model.decoder_body, {"latent": latent})["features"]
    made = array(model.decoder_end({"features": features})["data"])
    FORMULA.check(made, array(model.decoder_logits({"latent": latent})["data"]))


def test_networks_of_ones_own_make_maps():
    """The discriminator's map has any size; that of the vectors fits the codebook."""
    data = keras.Input((8, 8, 1), name="data")
    logit = keras.layers.Conv2D(1, 3, strides=2)(data)
    vectors = keras.layers.Conv2D(4, 2, strides=4)(data)
    latent = keras.Input((2, 2, 4), name="latent")
    made = keras.layers.Conv2DTranspose(1, 4, strides=4)(latent)
    brought = {
        "discriminator": keras.Model(data, {"logit": logit}),
        "to_vectors": keras.Model(data, {"vectors": vectors}),
        "from_vectors": keras.Model(latent, {"data": made}),
    }
    model = tiny.create("vqgan", **brought)
    assert model.discriminator.output["logit"].shape == (None, 3, 3, 1)
    rows = tiny.rows(model, 2)["data"]
    assert model.encode(rows).shape == (2, 2, 2)
    assert model.reconstruct(rows).shape == (2, 8, 8, 1)
    with pytest.raises(ModelError, match="codebook_dim channels. Received: channels=4"):
        tiny.create("vqgan", **brought, codebook_dim=5)


def test_the_discriminator_judges_patches():
    model = tiny.create("vqgan", discriminator_depth=1)
    assert model.discriminator.output["logit"].shape == (None, 4, 4, 1)
    batch = {"data": tensor(tiny.rows(model, 3)["data"])}
    logs = arrays(model.discriminator_loss(batch, False))
    _, codes, _ = model.codebook.pass_through(model.to_vectors(batch)["vectors"])
    rebuilt = model.from_vectors({"latent": model.codebook.lookup(codes)})["data"]
    real, fake = (
        array(model.discriminator({"data": x})["logit"]) for x in (batch["data"], rebuilt)
    )
    expected = 0.5 * (np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fake).mean())
    FORMULA.check(logs["loss"], expected)
