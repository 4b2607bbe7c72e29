"""The zoo's own layers become the plain operators of ONNX, with a certificate."""

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers, ops

from export import to_onnx
from tests.arrays import array
from tests.export.direct.agreement import count
from tests.tolerances import EXACT
from zoo.layers import (
    ConditionalBatchNormalization,
    GroupNormalization,
    InstanceNormalization,
    LeakyReLU,
    SelfAttention,
    SpectralConv1D,
    SpectralConv2D,
    SpectralConv2DTranspose,
    SpectralDense,
)


def exported(inputs, outputs, path):
    """The certified graph of a network whose weights are no longer those of the start."""
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.uniform(0.5, 1.5, weight.shape) * rng.choice([-1, 1], weight.shape))
    for weight in model.non_trainable_weights:  # variances
        weight.assign(np.abs(array(weight)))
    certificate = to_onnx(model, path / "network.onnx")
    assert certificate.passed, certificate.summary()
    return onnx.load(path / "network.onnx")


@pytest.mark.parametrize("training", [None, False, True])
def test_spectral_layers_are_plain_convolutions_and_products(training, tmp_path):
    image = keras.Input((6, 6, 3), name="data")
    x = SpectralConv2D(4, 3, strides=2, padding="same")(image, training=training)
    x = SpectralConv2DTranspose(2, 4, strides=2, padding="same")(x, training=training)
    x = SpectralConv1D(3, 3)(layers.Reshape((36, 2))(x), training=training)
    x = SpectralDense(5, activation="relu")(layers.Flatten()(x), training=training)
    graph = exported(image, x, tmp_path)
    kinds = {node.op_type for node in graph.graph.node}
    assert count(graph, "Conv") == 2
    assert count(graph, "ConvTranspose") == count(graph, "Gemm") == 1
    assert not kinds & {"Div", "MatMul", "ReduceSum", "Sqrt"}


@pytest.mark.parametrize(
    ("layer", "operator"),
    [
        (lambda: GroupNormalization(groups=1), "GroupNormalization"),
        (lambda: GroupNormalization(groups=2), "GroupNormalization"),
        (InstanceNormalization, "InstanceNormalization"),
    ],
)
def test_group_normalization_is_one_operator(layer, operator, tmp_path):
    image = keras.Input((5, 6, 4), name="data")
    graph = exported(image, layer()(image), tmp_path)
    assert count(graph, operator) == 1


def test_a_large_constant_image_is_normalized_to_exactly_zero(tmp_path):
    """ONNX Runtime's own mean of it is off by enough to make .004 of it."""
    image = keras.Input((256, 256, 1), name="data")
    model = keras.Model(image, InstanceNormalization(epsilon=1e-5)(image))
    to_onnx(model, path := tmp_path / "network.onnx", certify="quick")
    data = np.full((1, 256, 256, 1), 0.317, "float32")
    (found,) = onnxruntime.InferenceSession(path).run(None, {"data": data})
    EXACT.check(found, 0 * data)


def test_group_normalization_of_vectors_converts(tmp_path):
    vector = keras.Input((6,), name="data")
    exported(vector, GroupNormalization(groups=2)(vector), tmp_path)


def test_conditional_batch_normalization_converts(tmp_path):
    image = keras.Input((5, 6, 4), name="data")
    labels = keras.Input((), dtype="int32", name="labels")
    x = ConditionalBatchNormalization()([image, ops.one_hot(labels, 3)])
    exported({"data": image, "labels": labels}, x, tmp_path)


@pytest.mark.parametrize("spectral", [False, True])
def test_self_attention_is_products_and_one_softmax(spectral, tmp_path):
    image = keras.Input((4, 3, 16), name="data")
    graph = exported(image, SelfAttention(spectral=spectral)(image), tmp_path)
    assert count(graph, "Softmax") == 1


@keras.saving.register_keras_serializable("tests")
class Narrow(SpectralConv2D):
    """A subclass that computes what its base does."""


@keras.saving.register_keras_serializable("tests")
class Shifted(LeakyReLU):
    """A subclass that computes something else."""

    def call(self, inputs):
        return super().call(inputs) + 1


@keras.saving.register_keras_serializable("tests")
class Scaled(SpectralDense):
    """A subclass of a layer with an argument that Keras's does not have, in its own call."""

    def call(self, inputs, training=None, factor=2.0):
        return factor * super().call(inputs, training=training)


def test_subclasses_of_own_layers_convert_by_what_they_compute(tmp_path):
    image = keras.Input((5, 6, 4), name="data")
    x = Shifted()(Narrow(3, 3)(image, training=True))
    x = Scaled(2)(layers.Flatten()(x), factor=3.0)
    graph = exported(image, x, tmp_path)
    assert count(graph, "Conv") == 1
