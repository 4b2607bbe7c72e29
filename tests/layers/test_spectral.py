"""Spectral normalization against singular values from NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from tests.arrays import array, tensor
from tests.backends.complex_step import weight_gradients
from tests.tolerances import EXACT, FORMULA, FORWARD, SECOND_DERIVATIVE
from zoo import backends
from zoo.layers import SpectralConv1D, SpectralConv2D, SpectralConv2DTranspose, SpectralDense

# A layer, the shape of its inputs, and the kernel's axes in the order (…, filters).
KINDS = {
    "dense": (lambda: SpectralDense(5), (2, 7), (0, 1)),
    "sequences": (lambda: SpectralConv1D(4, 3, padding="same"), (2, 6, 3), (0, 1, 2)),
    "images": (lambda: SpectralConv2D(4, 3, strides=2), (2, 6, 6, 3), (0, 1, 2, 3)),
    "transposed": (
        lambda: SpectralConv2DTranspose(4, 3, strides=2, padding="same"),
        (2, 3, 3, 5),
        (0, 1, 3, 2),
    ),
}


@pytest.fixture(params=KINDS)
def built(request):
    """A layer with random weights, data for it, and its kernel's axes."""
    make, shape, axes = KINDS[request.param]
    rng = np.random.default_rng(0)
    layer = make()
    layer.build(shape)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape).astype("float32"))
    return layer, tensor(rng.normal(size=shape)), axes


def matrix(kernel, axes):
    moved = np.transpose(kernel, axes)
    return moved.reshape(-1, moved.shape[-1])


def largest(kernel, axes):
    return np.linalg.svd(matrix(kernel, axes), compute_uv=False)[0]


def test_every_call_divides_by_the_estimate_of_one_more_iteration(built):
    layer, data, axes = built
    kernel, direction = array(layer._kernel).astype("float64"), array(layer.direction)
    for _ in range(3):
        right = matrix(kernel, axes) @ direction
        right /= np.linalg.norm(right)
        direction = right @ matrix(kernel, axes)
        sigma = np.linalg.norm(direction)
        direction /= sigma
        FORWARD.check(array(layer.kernel), kernel / sigma)
        layer(data, training=True)
        FORWARD.check(array(layer.direction), direction)


def test_the_estimate_becomes_the_largest_singular_value(built):
    layer, data, axes = built
    for _ in range(100):
        layer(data, training=True)
    found = largest(array(layer.kernel), axes)
    assert abs(found - 1) < 1e-3


def test_a_kernel_of_zeros_is_learned_from_and_then_normalized():
    # As at the end of R3GAN's residual blocks.
    layer = SpectralDense(5, use_bias=False, kernel_initializer="zeros")
    data = tensor(np.random.default_rng(0).normal(size=(2, 7)))
    EXACT.check(array(layer(data, training=True)), np.zeros((2, 5)))
    direction = array(layer.direction)
    assert np.linalg.norm(direction) > 0.1

    def objective():
        return ops.sum(layer(data)), {}

    gradients, _ = backends.current().gradients(objective, layer.trainable_variables, [])
    FORMULA.check(array(gradients[0]), np.tile(array(data).sum(axis=0)[:, None], (1, 5)))
    learned = np.random.default_rng(1).normal(size=(7, 5)).astype("float32")
    layer._kernel.assign(learned)
    for _ in range(100):
        layer(data, training=True)
    FORWARD.check(array(layer.kernel), learned / largest(learned, (0, 1)))


def test_outputs_are_those_of_the_keras_layer_with_the_normalized_kernel(built):
    layer, data, _ = built
    plain = layer.export_as.from_config(layer.get_config())
    plain.build(data.shape)
    plain.set_weights([array(layer.kernel), array(layer.bias)])
    FORMULA.check(array(layer(data)), array(plain(data)))
    FORMULA.check(array(layer(data, training=True)), array(plain(data)))


def test_gradient_of_the_normalized_kernel_is_that_of_a_division_by_the_singular_value(built):
    layer, _, axes = built
    kernel = array(layer._kernel).astype("float64")
    layer.direction.assign(np.linalg.svd(matrix(kernel, axes))[2][0])
    slope = np.random.default_rng(1).normal(size=kernel.shape).astype("float32")
    backend = backends.current()

    def objective():
        return ops.sum(ops.tanh(tensor(slope) * layer.kernel)), {}

    found = backend.compile_step(
        lambda _: backend.gradients(objective, [layer._kernel], [])[0], layer.weights, updates=True
    )(None)
    (expected,) = weight_gradients(
        lambda weights: np.sum(np.tanh(slope * weights[0] / largest(weights[0], axes))), [kernel]
    )
    SECOND_DERIVATIVE.check(array(found[0]), expected)


def test_only_training_moves_the_direction_and_nothing_the_kernel(built):
    layer, data, _ = built
    before = [array(weight).copy() for weight in layer.weights]
    layer(data)
    layer(data, training=False)
    layer.trainable = False
    layer(data, training=True)
    layer.trainable = True
    for weight, value in zip(layer.weights, before, strict=True):
        EXACT.check(array(weight), value)
    layer(data, training=True)
    moved = [w.name for w, value in zip(layer.weights, before, strict=True) if differs(w, value)]
    assert moved == ["direction"]


def differs(weight, value):
    return (array(weight) != value).any()


def test_direction_moves_while_gradients_are_taken():
    network = keras.Sequential([keras.Input((3,)), SpectralDense(4)])
    layer, backend = network.layers[0], backends.current()
    expected = array(layer.iterate()[0])
    kernel = array(layer._kernel)

    def step(data):
        def objective():
            slope = backends.input_gradient(lambda x: network(x, training=True) ** 2, data)
            return ops.sum(ops.square(slope)), {}

        others = network.non_trainable_variables
        return backend.gradients(objective, network.trainable_variables, others)[0]

    data = np.ones((2, 3), "float32")
    gradients = backend.compile_step(step, network.variables, updates=True)(backend.place(data))
    FORMULA.check(array(layer.direction), expected)
    EXACT.check(array(layer._kernel), kernel)
    assert np.abs(array(gradients[0])).max() > 0


def test_a_saved_network_keeps_the_kernel_and_the_direction(built, tmp_path):
    layer, data, _ = built
    inputs = keras.Input(data.shape[1:])
    network = keras.Model(inputs, layer(inputs))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for ours, theirs in zip(loaded.weights, network.weights, strict=True):
        EXACT.check(array(ours), array(theirs), name=ours.path)
    EXACT.check(array(loaded(data)), array(network(data)))


def test_singular_values_are_estimated_in_float32(built):
    layer, data, _ = built
    lower = type(layer).from_config(layer.get_config() | {"dtype": "mixed_float16"})
    lower.build(data.shape)
    lower.set_weights(layer.get_weights())
    lower._kernel.assign(300 * array(layer._kernel))  # squares are more than float16 holds
    outputs = lower(data, training=True)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float16"
    np.testing.assert_allclose(array(outputs), array(layer(data)), atol=2e-2)
