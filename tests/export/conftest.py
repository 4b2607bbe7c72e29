"""Small models and bundles that the export tests share."""

import shutil

import keras
import numpy as np
import pytest

import export
import zoo

SHAPE = (8, 8, 1)


def small_generator(seed=0):
    """Latent and label → image, through an embedding and a transposed convolution."""
    keras.utils.set_random_seed(seed)
    latent = keras.Input((4,), name="latent")
    labels = keras.Input((), dtype="int32", name="labels")
    hidden = keras.layers.Add()([latent, keras.layers.Embedding(3, 4)(labels)])
    hidden = keras.layers.Reshape((4, 4, 2))(keras.layers.Dense(32)(hidden))
    hidden = keras.layers.Conv2DTranspose(4, 4, 2, padding="same", use_bias=False)(hidden)
    hidden = keras.layers.LeakyReLU()(keras.layers.BatchNormalization()(hidden))
    image = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(hidden)
    return keras.Model({"latent": latent, "labels": labels}, {"data": image}, name="generator")


def real_batch(model, count=80):
    """Uniform data in the model's range, with labels in turn where the model reads them."""
    low, high = model.value_range
    rng = np.random.default_rng(0)
    batch = {"data": rng.uniform(low, high, (count, *model.shape)).astype("float32")}
    if model.num_classes:
        batch["labels"] = (np.arange(count) % model.num_classes).astype("int32")
    return batch


@pytest.fixture(scope="session")
def models():
    """One untrained model of each kind: Gaussian latent, labels, discrete codes."""
    codes = {
        "codebook_size": 8,
        "codebook_dim": 4,
        "width": 8,
        "residual_width": 4,
        "num_residual_blocks": 1,
    }
    return {
        "vae": zoo.create("vae", shape=SHAPE, latent_dim=4, ema=0.5, network="mlp"),
        "cgan": zoo.create("cgan", shape=SHAPE, num_classes=3, latent_dim=4, network="mlp"),
        "vq_vae": zoo.create("vq_vae", shape=SHAPE, **codes),
    }


@pytest.fixture(scope="session")
def bundles(models, tmp_path_factory):
    """Bundles of `models`: read them, do not write into them."""
    folder = tmp_path_factory.mktemp("bundles")
    run = {
        "class_names": ["zero", "one", "two"],
        "data": {"source": "uniform noise", "count": 80},
        "training": {"steps": 0},
        "seed": 0,
    }
    return {
        name: export.to_bundle(model, folder / name, real_inputs=real_batch(model), run=run)
        for name, model in models.items()
    }


@pytest.fixture
def bundle(bundles, tmp_path):
    """A bundle of one's own to damage."""
    return shutil.copytree(bundles["vae"], tmp_path / "vae")
