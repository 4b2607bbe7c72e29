"""Layers that prepare data: arithmetic converts, tables outside of the graph do not."""

import keras
import numpy as np
import pytest
from keras import layers

import export
from export.direct import convert
from export.errors import ExportError, UnsupportedOperation
from tests.export.direct.agreement import check

MODES = ["one_hot", "multi_hot", "count"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("length", [1, 3])
def test_categories_become_vectors_as_in_keras(mode, length):
    codes = keras.Input((length,), dtype="int32")
    model = keras.Model(codes, layers.CategoryEncoding(num_tokens=4, output_mode=mode)(codes))
    check(model, np.arange(2 * length, dtype="int32").reshape(2, length) % 4)


@pytest.mark.parametrize("mode", ["int", *MODES])
def test_numbers_become_categories_as_in_keras(mode):
    x = keras.Input((3,))
    model = keras.Model(x, layers.Discretization([-1.0, 0.0, 1.5], output_mode=mode)(x))
    check(model, np.array([[-1.0, 1.0, 2.0], [0.0, -0.5, 1.5]], "float32"))


def test_a_table_outside_of_the_graph_is_rejected(tmp_path):
    codes = keras.Input((3,), dtype="int32")
    model = keras.Model(codes, layers.IntegerLookup(vocabulary=[1, 2], name="table")(codes))
    with pytest.raises(UnsupportedOperation, match="build the model to export from") as caught:
        export.to_onnx(model, tmp_path / "table.onnx")
    assert caught.value.layer == "table"


def test_text_is_rejected(tmp_path):
    words = keras.Input((3,), dtype="string", name="words")
    model = keras.Model(words, layers.StringLookup(vocabulary=["a", "b"])(words))
    with pytest.raises(ExportError, match="'words' of dtype string"):
        export.to_onnx(model, tmp_path / "words.onnx")


def test_categories_without_an_axis_of_their_own_are_rejected():
    codes = keras.Input((), dtype="int32")
    model = keras.Model(codes, layers.CategoryEncoding(num_tokens=4)(codes))
    with pytest.raises(UnsupportedOperation, match="second axis"):
        convert(model)


def test_a_softmax_whose_mask_does_not_fit_is_rejected():
    codes = keras.Input((5,), dtype="int32")
    x = layers.Embedding(6, 4, mask_zero=True)(codes)
    with pytest.raises(UnsupportedOperation, match=r"mask of shape \(5,\)") as caught:
        convert(keras.Model(codes, layers.Softmax(axis=1, name="weights")(x)))
    assert caught.value.layer == "weights"
