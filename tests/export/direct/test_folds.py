"""Graphs after the passes: what is folded, and that nothing is left to fold."""

import keras
import numpy as np
import onnx_ir as ir
import pytest
from keras import layers, ops

from export.direct.passes import optimize
from tests.export.direct.agreement import check


def normal(*shape):
    """Standard normal float32 values."""
    return np.random.default_rng([0]).normal(size=shape).astype("float32")


def operators(model, *inputs):
    """The operators that a model is converted to, after it was found to agree with Keras."""
    return [node.op_type for node in check(model, *inputs).graph.node]


def test_activation_between_two_reshapes_keeps_one():
    latent = keras.Input((5,), name="latent")
    x = layers.Reshape((3, 4, 1))(layers.Dense(12)(latent))
    model = keras.Model(latent, layers.Activation("tanh", name="data")(x))
    assert operators(model, normal(3, 5)) == ["Gemm", "Reshape", "Tanh"]


def test_reshape_that_is_read_elsewhere_stays():
    data = keras.Input((12,), name="data")
    image = layers.Reshape((3, 4))(ops.exp(data))
    outputs = {"image": ops.tanh(image), "rows": layers.Reshape((12,))(ops.tanh(image))}
    assert operators(keras.Model(data, outputs), normal(2, 12)).count("Reshape") == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [((3, 4, 1), (12,)), ((4, 3), (2, 6)), ((-1, 4), (2, -1)), ((12, 1), (-1,))],
)
def test_reshapes_in_a_row_are_one(first, second):
    data = keras.Input((12,), name="data")
    x = ops.exp(data)
    outputs = ops.negative(layers.Reshape(second)(layers.Reshape(first)(x)))
    kinds = operators(keras.Model(data, outputs), normal(3, 12))
    assert kinds.count("Reshape") <= 1


def test_reshapes_of_an_unknown_length_are_one():
    data = keras.Input((None, 4), name="data")
    x = layers.Reshape((-1, 2, 2))(ops.exp(data))
    outputs = ops.negative(layers.Reshape((-1, 4))(x))
    assert operators(keras.Model(data, outputs), normal(2, 3, 4)).count("Reshape") == 1


def test_layer_normalization_between_convolutions_is_fused():
    data = keras.Input((8, 8, 3), name="data")
    x = layers.Conv2D(6, 3, padding="same")(data)
    x = layers.LeakyReLU(0.2)(layers.LayerNormalization()(x))
    x = layers.Conv2D(5, 3, 2, padding="same")(x)
    model = keras.Model(data, layers.Dense(1)(layers.Flatten()(x)))
    assert operators(model, normal(2, 8, 8, 3)) == [
        "Transpose", "Conv", "Transpose", "LayerNormalization", "LeakyRelu", "Transpose", "Conv",
        "Reshape", "Gemm",
    ]  # fmt: skip


def generator():
    """Every kind of node that a pass folds: orders, crops, scales, Reshapes, a narrow kernel."""
    latent = keras.Input((5,), name="latent")
    x = layers.BatchNormalization()(layers.Dense(3 * 3 * 16)(latent))
    x = layers.LeakyReLU(0.2)(layers.Reshape((3, 3, 16))(x))
    x = layers.Conv2DTranspose(16, 4, 2, padding="same")(x)
    x = layers.Cropping2D(((0, 1), (1, 0)))(layers.BatchNormalization()(x))
    x = layers.Conv2D(2, 3, padding="same")(x)
    return keras.Model(latent, layers.Reshape((5, 5, 2, 1))(ops.tanh(x) * 0.5))


def test_second_optimization_changes_nothing():
    proto = check(generator(), normal(3, 5))
    model = ir.from_proto(proto)
    optimize(model)
    assert [node.op_type for node in model.graph] == [node.op_type for node in proto.graph.node]
    assert len(model.graph.initializers) == len(proto.graph.initializer)


def test_equal_constants_are_one_initializer():
    data = keras.Input((4,), name="data")
    weights = np.arange(4, dtype="float32")
    outputs = ops.tanh(data * weights) + weights.copy()
    (initializer,) = check(keras.Model(data, outputs), normal(2, 4)).graph.initializer
    assert initializer.dims == [4]


def test_tensor_that_is_two_outputs_keeps_both_names():
    data = keras.Input((4,), name="data")
    x = ops.tanh(data)
    proto = check(keras.Model(data, {"first": x, "second": x}), normal(2, 4))
    assert [value.name for value in proto.graph.output] == ["first", "second"]
    assert [node.op_type for node in proto.graph.node] == ["Tanh", "Identity"]
