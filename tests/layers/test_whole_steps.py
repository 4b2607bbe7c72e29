"""Maps are reflected up to sizes that a network takes, and cropped back."""

import keras
import numpy as np
import pytest
from keras import layers

import export
from tests.arrays import array, tensor
from tests.tolerances import EXACT
from zoo.layers import CropLike, ReflectToStep


def images(*sizes, channels=2):
    drawn = np.random.default_rng(0).normal(size=(2, *sizes, channels))
    return drawn.astype("float32")


HELD = [
    (8, 4, 4, 8),
    (9, 4, 4, 12),
    (3, 4, 8, 8),
    (5, 4, 1, 5),
    (2, 4, 7, 7),
    (1, 4, 3, 3),
    (12, 4, 7, 15),
]


@pytest.mark.parametrize(("size", "step", "least", "held"), HELD)
def test_a_side_is_reflected_up_to_the_next_size_that_holds_it(size, step, least, held):
    data = images(size, 4)
    made = array(ReflectToStep(step, (least, 4))(tensor(data)))
    # NumPy reflects again and again where a side is short.
    EXACT.check(made, np.pad(data, [(0, 0), (0, held - size), (0, 0), (0, 0)], mode="symmetric"))
    symbol = ReflectToStep(step, (least, 4))(keras.Input((size, None, 2)))
    assert symbol.shape == (None, held, None, 2)


def test_sequences_are_reflected_and_cropped():
    data = images(5)
    made = ReflectToStep(4, (3,))(tensor(data))
    EXACT.check(array(made), np.pad(data, [(0, 0), (0, 2), (0, 0)], mode="symmetric"))
    EXACT.check(array(CropLike((1,))([made, tensor(data)])), data)


def test_a_map_is_cropped_to_multiples_of_another():
    made, like = images(8, 9), images(3, 4, channels=5)
    EXACT.check(array(CropLike((2, 1))([tensor(made), tensor(like)])), made[:, :6, :4])
    symbols = keras.Input((None, 9, 2)), keras.Input((None, 4, 5))
    assert CropLike((2, 1))(list(symbols)).shape == (None, None, 4, 2)


def test_unknown_sizes_are_predicted_saved_and_certified(tmp_path):
    image = keras.Input((None, None, 1), name="data")
    x = ReflectToStep(4, (10, 3))(image)
    x = layers.Conv2D(2, 3, padding="same")(x)
    model = keras.Model(image, CropLike((1, 1))([x, image]))
    data = images(7, 5, channels=1)
    expected = array(model(tensor(data)))
    assert expected.shape == (2, 7, 5, 2)
    EXACT.check(model.predict(data, verbose=0).shape, expected.shape)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    EXACT.check(array(loaded(tensor(data))), expected)
    # Sizes below, between and above those that are reached.
    assert export.to_onnx(model, tmp_path / "model.onnx").passed
