"""Every model reads any shape that makes sense for it, and refuses the others in a sentence."""

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from zoo.errors import ModelError

SHAPES = [(5,), (16, 2), (8, 8, 1), (9, 7, 3)]
IMAGES_ONLY = {"conv_autoencoder", "vq_vae", "dcgan"}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", zoo.list_models())
def test_every_shape_is_built_or_refused(name, shape):
    if len(shape) == 1 and name in IMAGES_ONLY:
        with pytest.raises(ModelError, match=r"Received: (\(5,\)|'conv')"):
            tiny.create(name, shape=shape)
        return
    model = tiny.create(name, shape=shape)
    parts = model.parts()
    if model.sampler is not None:
        assert parts[model.sampler].output_shape == (None, *shape)
    if "encoder" in parts:
        rebuilt = model(np.zeros((2, *shape), "float32"))
        assert tuple(keras.ops.shape(rebuilt)) == (2, *shape)


def test_vectors_without_bounds_train():
    train, _ = zoo.load_data("ring")
    model = tiny.create("wgan_gp", shape=(2,), value_range=None)
    history = model.fit(train, steps=3, batch_size=32, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert model.sample(4).shape == (4, 2)
