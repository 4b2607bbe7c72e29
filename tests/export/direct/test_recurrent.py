"""Recurrent layers beyond a plain one: given states, several cells, masks step by step."""

from unittest import mock

import keras
import numpy as np
import pytest
from keras import layers

from export.direct.inference import infer
from tests.export.direct.agreement import check


def normal(*shape):
    """Standard normal float32 values."""
    return np.random.default_rng([0]).normal(size=shape).astype("float32")


def cells():
    """Two cells, the first with two states."""
    return [layers.LSTMCell(4), layers.GRUCell(3)]


@pytest.mark.parametrize(
    "layer",
    [layers.GRU(4), layers.SimpleRNN(4), layers.GRU(4, activation="gelu"), layers.RNN],
    ids=["fused_gru", "fused_rnn", "step_by_step", "any_cell"],
)
@pytest.mark.parametrize("listed", [False, True])
def test_state_is_given_alone_or_in_a_list(layer, listed):
    layer = layer(layers.GRUCell(4)) if layer is layers.RNN else layer
    x, state = keras.Input((6, 3)), keras.Input((4,))
    y = layer(x, initial_state=[state] if listed else state)
    check(keras.Model([x, state], y), normal(3, 6, 3), normal(3, 4))


@pytest.mark.parametrize(
    "options", [{}, {"return_sequences": True, "go_backwards": True}], ids=["last", "backwards"]
)
def test_cells_in_turn_agree_with_keras(options):
    x = keras.Input((6, 3))
    check(keras.Model(x, layers.RNN(cells(), **options)(x)), normal(3, 6, 3))


def test_states_of_cells_in_turn_go_from_layer_to_layer():
    x, y = keras.Input((6, 3)), keras.Input((5, 3))
    _, *states = layers.RNN(cells(), return_state=True)(x)
    outputs = [layers.RNN(cells())(y, initial_state=states), *keras.tree.flatten(states)]
    check(keras.Model([x, y], outputs), normal(3, 6, 3), normal(3, 5, 3))


def test_masked_steps_keep_the_states_of_all_cells():
    codes = keras.Input((5,), dtype="int32")
    x = layers.Embedding(6, 3, mask_zero=True)(codes)
    y = layers.RNN(cells(), return_sequences=True)(x)
    check(keras.Model(codes, y), np.array([[1, 2, 3, 0, 0], [4, 0, 1, 2, 3]], "int32"))


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(2, 3),
        layers.Flatten(),
        layers.GlobalAveragePooling2D(),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
        keras.Sequential([layers.Reshape((6, 8)), layers.GRU(3)]),
    ],
    ids=lambda layer: layer.name,
)
def test_layer_on_an_unknown_number_of_steps_agrees_with_keras(layer):
    x = keras.Input((None, 6, 4, 2))
    model = keras.Model(x, layers.TimeDistributed(layer)(x))
    for steps in (1, 5):
        check(model, normal(3, steps, 6, 4, 2))


def test_a_mask_of_an_unknown_number_of_steps_passes_a_layer_that_reads_none():
    codes = keras.Input((None,), dtype="int32")
    x = layers.Embedding(6, 3, mask_zero=True)(codes)
    x = layers.LSTM(2)(layers.TimeDistributed(layers.Dense(2))(x))
    for steps in (1, 5):
        check(keras.Model(codes, x), np.arange(2 * steps).reshape(2, steps).astype("int32") % 3)


@pytest.mark.parametrize("wrapped", [False, True])
def test_no_step_is_traced_to_know_a_shape(wrapped):
    layer = keras.layers.LSTM(3, return_sequences=True, return_state=True)
    layer = keras.layers.Bidirectional(layer) if wrapped else layer
    layer.build((None, 5, 2))
    with mock.patch.object(keras.layers.LSTMCell, "call", side_effect=AssertionError):
        found = infer(
            layer, keras.KerasTensor((None, 5, 2)), mask=keras.KerasTensor((None, 5), "bool")
        )
    sequences, *states = (tensor.shape for tensor in found)
    width = 6 if wrapped else 3
    assert sequences == (None, 5, width)
    assert states == [(None, 3)] * (4 if wrapped else 2)
