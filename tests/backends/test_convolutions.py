"""Convolutions in the backend's own form: Keras's values, and its derivatives of both orders."""

from dataclasses import dataclass, replace

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.arrays import array, tensor
from tests.export.direct.agreement import check, count
from tests.tolerances import FORMULA, SECOND_DERIVATIVE
from zoo import backends, convolutions

OWN = {
    layers.Conv1D: convolutions.Conv1D,
    layers.Conv2D: convolutions.Conv2D,
    layers.Conv1DTranspose: convolutions.Conv1DTranspose,
    layers.Conv2DTranspose: convolutions.Conv2DTranspose,
}


@dataclass(frozen=True)
class Case:
    """A layer's sizes: odd ones, windows larger than maps, few and more channels."""

    sizes: tuple[int, ...]
    window: int
    stride: int = 1
    padding: str = "same"
    channels: int = 5
    filters: int = 6
    options: tuple[tuple[str, object], ...] = ()

    def __str__(self):
        return " ".join(str(value) for value in vars(self).values() if value != ())

    def layer(self, kind):
        return kind(
            self.filters,
            self.window,
            strides=self.stride,
            padding=self.padding,
            **dict(self.options),
        )


IMAGES = [
    Case((7, 6), 3),
    Case((7, 6), 1),
    Case((7, 6), 3, channels=2),
    Case((7, 6), 3, filters=2),
    Case((7, 6), 4, 2, "valid", channels=2),
    Case((7, 5), 4, 2),
    Case((8, 8), 5, 2, "valid"),
    Case((9, 4), 5, 3),
    Case((9, 4), 2, 3),
    Case((9, 4), 2, 3, "valid"),
    Case((2, 2), 3),
    Case((2, 3), 5, 2),
    Case((1, 1), 4, 2, filters=1),
    Case((4, 4), 5, filters=2),
]
SEQUENCES = [replace(case, sizes=case.sizes[:1]) for case in IMAGES[::3]]
FOREIGN = [
    (layers.Conv2D, Case((7, 6), 3, options=(("dilation_rate", 2),))),
    (layers.Conv2D, Case((7, 6), 3, channels=4, options=(("groups", 2),))),
    (layers.Conv1D, Case((7,), 3, padding="causal")),
    (layers.Conv2DTranspose, Case((7, 6), 3, 2, options=(("output_padding", 1),))),
]
PAIRS = [
    *((kind, case) for kind in (layers.Conv2D, layers.Conv2DTranspose) for case in IMAGES),
    *((kind, case) for kind in (layers.Conv1D, layers.Conv1DTranspose) for case in SEQUENCES),
    *FOREIGN,
]


def is_empty(kind, case):
    """A window without padding that does not fit into its input; Keras refuses it."""
    plain = kind in (layers.Conv1D, layers.Conv2D)
    return plain and case.padding == "valid" and case.window > min(case.sizes)


@pytest.mark.parametrize(("kind", "case"), [pair for pair in PAIRS if not is_empty(*pair)], ids=str)
def test_values_and_derivatives_are_those_of_keras(kind, case):
    rng = np.random.default_rng(0)
    expected, found = case.layer(kind), case.layer(OWN[kind])
    shape = (3, *case.sizes, case.channels)
    for layer in (expected, found):
        layer.build(shape)
    for one, other in zip(expected.weights, found.weights, strict=True):
        values = rng.normal(size=one.shape)
        one.assign(values)
        other.assign(values)
    data = tensor(rng.normal(size=shape))
    for value, reference in zip(derivatives(found, data), derivatives(expected, data), strict=True):
        SECOND_DERIVATIVE.check(array(value), array(reference))


def derivatives(layer, data):
    """A layer's output, its gradients, and those of a penalty on its gradient."""
    backend = backends.current()

    def objective():
        return ops.sum(ops.tanh(layer(data))), {}

    def penalty():
        # Two layers' worth of slope: the gradient depends on data and weights.
        slope = backends.input_gradient(lambda x: ops.tanh(layer(x)) ** 2, data)
        return ops.sum(slope**2), {}

    def step(_):
        first, _ = backend.gradients(objective, layer.weights, [])
        second, _ = backend.gradients(penalty, layer.weights, [])
        third = backends.input_gradient(
            lambda x: backends.input_gradient(lambda y: ops.tanh(layer(y)) ** 2, x) ** 2, data
        )
        return [layer(data), *first, *second, third]

    return backend.compile_step(step, layer.weights, updates=True)(data)


def test_a_saved_network_of_own_convolutions_answers_alike(tmp_path):
    inputs = keras.Input((5, 5, 2))
    x = convolutions.Conv2D(4, 3, strides=2, padding="same", activation="relu")(inputs)
    network = keras.Model(inputs, convolutions.Conv2DTranspose(1, 3, activation="tanh")(x))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    data = np.random.default_rng(0).normal(size=(2, 5, 5, 2)).astype("float32")
    FORMULA.check(array(loaded(data)), array(network(data)))


def test_own_convolutions_convert_to_onnx_as_those_of_keras():
    inputs = keras.Input((5, 5, 2))
    x = convolutions.Conv2D(4, 3, strides=2, padding="same", activation="relu")(inputs)
    x = layers.Reshape((-1, 4))(convolutions.Conv2DTranspose(4, 3, activation="tanh")(x))
    x = convolutions.Conv1DTranspose(3, 3, strides=2)(convolutions.Conv1D(5, 3)(x))
    data = np.random.default_rng(0).normal(size=(2, 5, 5, 2)).astype("float32")
    proto = check(keras.Model(inputs, x), data)
    assert count(proto, "Conv") == count(proto, "ConvTranspose") == 2


@pytest.mark.skipif(keras.config.backend() != "jax", reason="only JAX has convolutions of its own")
def test_no_convolution_of_a_training_step_has_a_reversed_window():
    import jax

    from zoo.backends.jax import convolution as own

    def loss(image, kernel, turned):
        small = own.convolve(image, kernel, (2, 2), ((1, 2), (1, 2)))
        return own.spread(small, turned, (2, 2), ((1, 2), (1, 2)), (8, 8)).sum()

    image = np.ones((2, 8, 8, 8), "float32")
    kernel = np.ones((5, 5, 8, 8), "float32")
    gradients = jax.jit(jax.grad(loss, argnums=(0, 1, 2)))
    compiled = gradients.lower(image, kernel, kernel).compile().as_text()
    assert "convolution(" in compiled
    assert "rhs_reversal" not in compiled
