"""Whole networks: what they convert to, and that it agrees with Keras."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from export.direct import convert
from tests.export.direct.agreement import check, count, run_onnx

RNG = np.random.default_rng(0)


def normal(*shape):
    """Standard normal float32 values."""
    return RNG.normal(size=shape).astype("float32")


def trained(model):
    """The model with statistics, scales and biases as if it had been trained."""
    rng = np.random.default_rng(1)
    for variable in model.weights:
        if variable.path.rsplit("/", 1)[-1] not in ("kernel", "embeddings"):
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    return model


def generator():
    """Dense, batch normalization and transposed convolutions (DCGAN, Radford et al., 2016)."""
    z = keras.Input((8,), name="latent")
    x = layers.Dense(3 * 3 * 6, use_bias=False)(z)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Reshape((3, 3, 6))(x)
    x = layers.Conv2DTranspose(4, 4, 2, padding="same", use_bias=False)(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization(scale=False)(x))
    x = layers.Conv2DTranspose(1, 4, 2, padding="same", activation="tanh")(x)
    return trained(keras.Model(z, {"data": x}, name="generator"))


def encoder():
    """Convolutions, flattened, into two heads."""
    image = keras.Input((8, 8, 1), name="data")
    x = layers.Conv2D(4, 3, 2, padding="same", activation="relu")(image)
    x = layers.Conv2D(6, 3, 2, padding="same", activation="gelu")(x)
    x = layers.Dense(7, activation="silu")(layers.Flatten()(x))
    outputs = {"mean": layers.Dense(3)(x), "log_variance": layers.Dense(3)(x)}
    return trained(keras.Model(image, outputs, name="encoder"))


def test_generator_has_no_transpose_and_no_batch_normalization():
    proto = check(generator(), normal(3, 8))
    assert count(proto, "Transpose") == 0
    assert count(proto, "BatchNormalization") == 0
    assert len(proto.graph.node) == 8


def test_flatten_takes_its_order_into_the_weights():
    proto = check(encoder(), normal(3, 8, 8, 1))
    assert count(proto, "Transpose") == 0
    assert [value.name for value in proto.graph.input] == ["data"]
    assert [value.name for value in proto.graph.output] == ["log_variance", "mean"]


def test_label_beside_the_flattened_image_takes_its_order_too():
    image, labels = keras.Input((4, 4, 3)), keras.Input((), dtype="int32")
    x = layers.Flatten()(layers.Conv2D(5, 3, padding="same")(image))
    x = layers.Concatenate()([ops.one_hot(labels, 4), x])
    model = trained(keras.Model([image, labels], layers.Dense(2)(x)))
    proto = check(model, normal(3, 4, 4, 3), np.array([0, 3, 1], "int32"))
    assert count(proto, "Transpose") == 1  # the three-channel input


def test_residual_generator_transposes_its_output_alone():
    z = keras.Input((4,))
    x = layers.Reshape((2, 2, 4))(layers.Dense(16)(z))
    for _ in range(2):
        y = layers.ReLU()(layers.BatchNormalization()(x))
        y = layers.Conv2D(4, 3, padding="same")(layers.UpSampling2D()(y))
        x = layers.Add()([layers.Conv2D(4, 1)(layers.UpSampling2D()(x)), y])
    proto = check(trained(keras.Model(z, layers.Conv2D(3, 3, padding="same")(x))), normal(3, 4))
    assert count(proto, "Transpose") == 1
    assert count(proto, "Resize") == 4


def test_crop_and_batch_normalization_go_into_the_weights():
    z = keras.Input((4,))
    x = layers.Reshape((2, 3, 4))(layers.Dense(24)(z))
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Cropping2D(((1, 0), (1, 2)))(layers.Conv2DTranspose(5, 3, 2, padding="same")(x))
    model = keras.Model(z, layers.GlobalMaxPooling2D()(layers.BatchNormalization()(x)))
    proto = check(trained(model), normal(3, 4))
    assert [node.op_type for node in proto.graph.node] == [
        "Gemm",
        "Reshape",
        "Relu",
        "ConvTranspose",
        "ReduceMax",
    ]


def test_label_map_joins_the_image_without_a_transpose():
    image, labels = keras.Input((4, 4, 1)), keras.Input((), dtype="int32")
    label_map = layers.Reshape((4, 4, 2))(layers.Embedding(3, 32)(labels))
    x = layers.Conv2D(5, 3, padding="same")(layers.Concatenate()([image, label_map]))
    model = trained(keras.Model([image, labels], layers.GlobalMaxPooling2D()(x)))
    proto = check(model, normal(3, 4, 4, 1), np.array([0, 2, 1], "int32"))
    assert count(proto, "Transpose") == 0


def test_channels_first_network_has_no_transpose():
    image = keras.Input((3, 8, 8))
    x = layers.Conv2D(4, 3, 2, padding="valid", data_format="channels_first")(image)
    x = layers.BatchNormalization(axis=1)(x)
    x = layers.GlobalAveragePooling2D(data_format="channels_first")(x)
    # Keras on TensorFlow has no channels-first convolution on CPUs: only the graph is looked at.
    assert count(convert(keras.Model(image, x)), "Transpose") == 0


@pytest.mark.parametrize(
    "layer, shape",
    [
        (layers.Conv1D(4, 3, padding="causal", dilation_rate=2), (9, 3)),
        (layers.Conv1DTranspose(4, 4, 2, padding="same"), (5, 3)),
        (layers.Conv3D(3, 2, padding="same", strides=2), (4, 3, 5, 2)),
        (layers.Conv3DTranspose(2, 3, 2, padding="same"), (2, 3, 2, 2)),
        (layers.Conv2D(6, 3, groups=2, padding="same"), (6, 5, 4)),
        (layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"), (6, 5, 3)),
        (layers.SeparableConv2D(5, 3, padding="same"), (6, 5, 3)),
        (layers.UpSampling2D((2, 3)), (3, 4, 2)),
        (layers.UpSampling2D(2, interpolation="bilinear"), (3, 4, 2)),
        (layers.UpSampling1D(3), (4, 2)),
        (layers.UpSampling3D(2), (2, 3, 2, 2)),
        (layers.ZeroPadding2D(((1, 0), (2, 1))), (3, 4, 2)),
        (layers.Cropping2D(((1, 0), (0, 1))), (5, 4, 3)),
        (layers.Cropping1D((1, 2)), (6, 3)),
        (layers.MaxPooling2D(3, 2, padding="same"), (7, 5, 3)),
        (layers.AveragePooling1D(2), (7, 3)),
        (layers.GlobalMaxPooling2D(keepdims=True), (4, 3, 2)),
        (layers.GlobalAveragePooling1D(), (4, 3)),
        (layers.LayerNormalization(), (5, 4)),
        (layers.LayerNormalization(axis=(1, 2, 3)), (3, 4, 2)),
        (layers.GroupNormalization(2), (3, 4, 6)),
        (layers.GroupNormalization(-1), (3, 4, 6)),
        (layers.GroupNormalization(2), (6,)),
        (layers.RMSNormalization(), (5, 4)),
        (layers.UnitNormalization(), (5,)),
        (layers.SpectralNormalization(layers.Conv2D(3, 3)), (5, 5, 2)),
        (layers.EinsumDense("abc,cd->abd", output_shape=(None, 3), bias_axes="d"), (4, 5)),
        (layers.Permute((2, 1)), (3, 4)),
        (layers.RepeatVector(3), (4,)),
        (layers.PReLU(), (3, 4)),
        (layers.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2), (3, 4)),
        (layers.Activation("mish"), (3, 4)),
        (layers.Activation("hard_silu"), (3, 4)),
        (layers.Softmax(), (3, 4)),
        (layers.Dropout(0.5), (3, 4)),
        (layers.GaussianNoise(0.5), (3, 4)),
        (layers.Rescaling(2.0, -1.0), (3, 4)),
        (layers.Normalization(mean=[1.0, 2.0], variance=[1.0, 4.0]), (3, 2)),
        (layers.TimeDistributed(layers.Dense(3)), (4, 2)),
        (layers.LSTM(3, return_sequences=True), (4, 2)),
        (layers.LSTM(3, go_backwards=True), (4, 2)),
        (layers.GRU(3), (4, 2)),
        (layers.GRU(3, reset_after=False, return_sequences=True), (4, 2)),
        (layers.SimpleRNN(3, return_sequences=True), (4, 2)),
        (layers.Bidirectional(layers.LSTM(3, return_sequences=True)), (4, 2)),
        (layers.Bidirectional(layers.GRU(3), merge_mode="sum"), (4, 2)),
    ],
    ids=lambda value: value.name if isinstance(value, keras.Layer) else str(value),
)
def test_layer_agrees_with_keras(layer, shape):
    check(trained(keras.Sequential([keras.Input(shape), layer])), normal(3, *shape))


@pytest.mark.skipif(
    keras.backend.backend() == "tensorflow",
    reason="TensorFlow has no dilated transposed convolution on CPUs",
)
def test_dilated_transposed_convolution_agrees_with_keras():
    layer = layers.Conv2DTranspose(3, 3, padding="same", dilation_rate=2)
    check(trained(keras.Sequential([keras.Input((5, 4, 2)), layer])), normal(3, 5, 4, 2))


def test_transformer_block_agrees_with_keras():
    x = inputs = keras.Input((5, 8))
    y = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 4)(y, y, use_causal_mask=True)])
    y = layers.Dense(16, activation="gelu")(layers.LayerNormalization()(x))
    model = trained(keras.Model(inputs, layers.Add()([x, layers.Dense(8)(y)])))
    proto = check(model, normal(3, 5, 8))
    assert count(proto, "LayerNormalization") == 2
    assert count(proto, "Gelu") == 1


class Vectors(layers.Layer):
    """Nearest codes, written in `keras.ops`, with the batch size read in `call`."""

    def build(self, input_shape):
        self.codes = self.add_weight(shape=(6, input_shape[-1]), name="codes")

    def call(self, x):
        batch, height, width, depth = ops.shape(x)
        flat = ops.reshape(x, (-1, depth))
        distance = ops.sum(self.codes**2, axis=1) - 2 * ops.matmul(flat, ops.transpose(self.codes))
        index = ops.argmin(distance, axis=-1)
        values = ops.reshape(ops.take(self.codes, index, axis=0), (batch, height, width, depth))
        return {"codes": ops.reshape(index, (batch, height, width)), "values": values}


def test_custom_layer_is_traced():
    image = keras.Input((4, 3, 2), name="data")
    model = keras.Model(image, Vectors()(layers.Conv2D(5, 1)(image)))
    proto = check(model, normal(3, 4, 3, 2))
    assert [value.name for value in proto.graph.output] == ["codes", "values"]


class Scale(layers.Layer):
    """A weight left of a symbolic tensor, a constant per sample, the batch size in arithmetic."""

    def build(self, input_shape):
        self.gain = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gain")

    def call(self, x):
        ones = ops.ones((ops.shape(x)[0], 1))
        return (
            self.gain * x / ops.cast(ops.shape(x)[0], "float32")
            + ops.arange(3, dtype="float32") * ones
        )


def test_weights_and_arrays_may_come_first_in_arithmetic():
    model = keras.Sequential([keras.Input((3,)), Scale()])
    model(normal(2, 3))
    x = normal(4, 3)
    (result,) = run_onnx(convert(model), {model.inputs[0].name: x})
    np.testing.assert_allclose(result, x / 4 + np.arange(3), rtol=1e-5)


def test_nested_and_shared_models_agree_with_keras():
    tower = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu")], name="tower")
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    inner = keras.Model({"left": left, "right": right}, tower(left) - tower(right), name="inner")
    outer = [keras.Input((4,), name="left"), keras.Input((4,), name="right")]
    model = keras.Model(outer, layers.Dense(2)(inner({"left": outer[0], "right": outer[1]})))
    proto = check(trained(model), normal(3, 4), normal(3, 4))
    assert [value.name for value in proto.graph.input] == ["left", "right"]


def test_embedding_reads_integers():
    labels = keras.Input((), dtype="int32", name="labels")
    x = layers.Reshape((2, 2, 3))(layers.Embedding(5, 12)(labels))
    proto = check(keras.Model(labels, layers.Conv2D(2, 1)(x)), np.array([0, 4, 1], "int32"))
    assert proto.graph.input[0].type.tensor_type.elem_type == 6


def test_image_of_any_size_converts():
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    x = layers.UpSampling2D()(layers.MaxPooling2D()(x))
    model = keras.Model(image, layers.Conv2D(3, 3, padding="same")(x))
    check(model, normal(2, 8, 6, 3))


@pytest.mark.parametrize("shape", [(None, None, 3), (None, 5, 3)])
def test_image_of_any_size_is_enlarged_linearly(shape):
    image = keras.Input(shape)
    enlarged = layers.UpSampling2D((2, 3), interpolation="bilinear")(image)
    check(keras.Model(image, layers.Conv2D(2, 3)(enlarged)), normal(2, 4, 5, 3))


def test_mixed_precision_model_is_exported_in_float32():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = generator()
    finally:
        keras.config.set_dtype_policy("float32")
    reference = generator()
    reference.set_weights(model.get_weights())
    z = normal(3, 8)
    (image,) = run_onnx(convert(model), {"latent": z})
    np.testing.assert_allclose(image, keras.ops.convert_to_numpy(reference(z)["data"]), atol=1e-5)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("window", [3, (4, 2), (1, 5)])
def test_convolution_to_few_channels_is_written_as_a_transposed_one(padding, window):
    image = keras.Input((7, 6, 12))
    last = layers.Conv2D(3, window, padding=padding, activation="tanh")
    proto = check(trained(keras.Model(image, last(image))), normal(3, 7, 6, 12))
    assert count(proto, "ConvTranspose") == 1
    assert count(proto, "Conv") == 0


@pytest.mark.parametrize(
    "options", [{"filters": 5}, {"strides": 2}, {"dilation_rate": 2}, {"groups": 3}]
)
def test_convolution_that_gains_nothing_stays_one(options):
    image = keras.Input((7, 6, 12))
    last = layers.Conv2D(**({"filters": 3, "kernel_size": 3, "padding": "same"} | options))
    proto = check(trained(keras.Model(image, last(image))), normal(3, 7, 6, 12))
    assert count(proto, "Conv") == 1
