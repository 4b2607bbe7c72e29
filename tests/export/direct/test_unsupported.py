"""Models that cannot be converted: the error names the layer, the operation and a way out."""

import keras
import numpy as np
import onnx
import pytest
from keras import layers, ops

from export.direct import convert, newest_opset
from export.errors import ExportError, UnsupportedOperation
from tests.export.direct.agreement import check


def dense():
    """A model of one layer."""
    return keras.Sequential([keras.Input((3,), name="data"), layers.Dense(2)], name="dense")


class Noisy(layers.Layer):
    """Adds noise in inference too."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, x):
        return x + keras.random.normal((3,), seed=self.seed_generator)


class Spectrum(layers.Layer):
    """Uses an operation that ONNX has no equivalent of."""

    def call(self, x):
        return ops.associative_scan(lambda left, right: left + right, x, axis=-1)


class Foreign(layers.Layer):
    """Written in NumPy, not in keras.ops."""

    def call(self, x):
        return np.fft.fft(x)

    def compute_output_shape(self, shape):
        return shape


@pytest.mark.parametrize(
    "layer, words",
    [
        (Noisy(name="noisy"), ["noisy", "random numbers", "input of the model"]),
        (Spectrum(name="spectrum"), ["spectrum", "AssociativeScan", "ops.scan"]),
        (Foreign(name="foreign"), ["foreign", "Foreign", "keras.ops"]),
        (layers.LSTM(2, stateful=True, name="memory"), ["memory", "stateful=False"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_error_names_layer_and_way_out(layer, words):
    shape = (4, 3) if isinstance(layer, layers.LSTM) else (3,)
    x = keras.Input(batch_shape=(2, *shape))
    y = keras.layers.Layer.__call__(layer, x)
    with pytest.raises(UnsupportedOperation) as caught:
        convert(keras.Model(x, y))
    assert caught.value.layer == layer.name
    for word in words:
        assert word in str(caught.value)


class Insistent(layers.Layer):
    """Drops values in inference too."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.drop = layers.Dropout(0.5, name="drop")

    def call(self, x):
        return self.drop(x, training=True)


DRAWS, DEPENDS = "draws random numbers", "depends on the other samples"


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (layers.Dropout(0.5), DRAWS),
        (layers.GaussianNoise(0.5), DRAWS),
        (layers.BatchNormalization(), DEPENDS),
        (layers.TimeDistributed(layers.Dropout(0.5)), "Dropout draws random numbers"),
        (keras.Sequential([layers.Dense(3), layers.BatchNormalization()]), DEPENDS),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_training_mode_in_inference_is_rejected(layer, words):
    x = keras.Input((4, 4, 3))
    with pytest.raises(UnsupportedOperation, match=words) as caught:
        convert(keras.Model(x, layer(x, training=True)))
    assert caught.value.layer == layer.name
    assert "training=False" in caught.value.advice


def test_training_mode_inside_a_layer_is_rejected():
    x = keras.Input((4,))
    with pytest.raises(UnsupportedOperation, match="called with training=True") as caught:
        convert(keras.Model(x, Insistent(name="insistent")(x)))
    assert caught.value.layer == "insistent/drop"


def test_training_mode_that_changes_nothing_converts():
    x = keras.Input((4, 3))
    y = layers.LSTM(2, return_sequences=True)(layers.Dropout(0.0)(x, training=True), training=True)
    frozen = layers.BatchNormalization(trainable=False)
    y = layers.Dropout(0.5)(frozen(y, training=True), training=False)
    y = layers.LayerNormalization()(y, training=True)  # which has no such argument
    check(keras.Model(x, y), np.ones((2, 4, 3), "float32"))


def test_uneven_padding_of_unknown_images_is_rejected_where_it_counts():
    image = keras.Input((None, None, 3))
    model = keras.Model(image, layers.AveragePooling2D(3, 2, padding="same", name="pool")(image))
    images = np.random.default_rng([0]).normal(size=(2, 6, 7, 3)).astype("float32")
    if keras.backend.backend() == "torch":
        with pytest.raises(UnsupportedOperation, match="depends on the size") as caught:
            convert(model)
        assert caught.value.layer == "pool"
    else:
        check(model, images)
    halved = layers.AveragePooling2D(2, padding="same")(image)
    check(keras.Model(image, halved), images)


def test_unbuilt_model_is_rejected():
    with pytest.raises(ExportError, match="built"):
        convert(keras.Sequential([layers.Dense(2)]))


def test_subclassed_model_is_rejected():
    class Subclassed(keras.Model):
        def call(self, x):
            return x

    model = Subclassed()
    model.built = True
    with pytest.raises(ExportError, match="functional"):
        convert(model)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_rejected(value):
    model = dense()
    model.weights[0].assign(np.full((3, 2), value))
    with pytest.raises(ExportError, match="kernel"):
        convert(model)


@pytest.mark.parametrize("opset", [7, 16, 99])
def test_unknown_opset_is_rejected(opset):
    with pytest.raises(ExportError, match=f"from 17 to {newest_opset()}, .* Received: {opset}"):
        convert(dense(), opset=opset)


def test_metadata_and_names_are_written():
    proto = convert(dense(), name="part", metadata={"paper": "none"})
    loaded = onnx.load_from_string(proto.SerializeToString())
    assert loaded.graph.name == "part"
    assert {entry.key: entry.value for entry in loaded.metadata_props} == {"paper": "none"}
    assert loaded.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert loaded.graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_converting_leaves_the_model_as_it_was():
    attention = layers.MultiHeadAttention(2, 4)
    x = keras.Input((3, 4))
    model = keras.Model(x, attention(x, x))
    before = [len(layer._inbound_nodes) for layer in attention._flatten_layers()]
    weights = model.get_weights()
    convert(model)
    assert [len(layer._inbound_nodes) for layer in attention._flatten_layers()] == before
    for old, new in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
