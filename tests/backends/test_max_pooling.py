"""Stock max-pooling in JAX's faster form: Keras's values and derivatives, ties included."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.arrays import array, tensor
from tests.backends.keras_own import keras_own
from tests.tolerances import EXACT
from zoo import backends

on_jax = pytest.mark.skipif(
    keras.config.backend() != "jax", reason="only on JAX is Keras's max-pooling replaced"
)

CASES = [
    (layers.MaxPooling2D, (8, 6), {"padding": "same"}),
    (layers.MaxPooling2D, (7, 5), {"padding": "same"}),
    (layers.MaxPooling2D, (7, 5), {}),
    (layers.MaxPooling2D, (7, 8), {"pool_size": 3, "padding": "same"}),
    (layers.MaxPooling2D, (7, 8), {"pool_size": (3, 2)}),
    (layers.MaxPooling2D, (1, 1), {"padding": "same"}),
    (layers.MaxPooling2D, (7, 7), {"pool_size": 3, "strides": 2, "padding": "same"}),
    (layers.MaxPooling1D, (9,), {"padding": "same"}),
    (layers.MaxPooling1D, (9,), {"pool_size": 4}),
]


@on_jax
@pytest.mark.parametrize("ties", [False, True], ids=["all different", "ties"])
@pytest.mark.parametrize(("kind", "sizes", "options"), CASES, ids=str)
def test_values_and_derivatives_are_those_of_keras(kind, sizes, options, ties):
    data = np.random.default_rng(0).normal(size=(3, *sizes, 4)).astype("float32")
    if ties:
        data = np.maximum(np.rint(data), 0.0)
    layer = kind(**options)
    found = derivatives(layer, tensor(data))
    with keras_own():
        expected = derivatives(layer, tensor(data))
    for value, reference in zip(found, expected, strict=True):
        EXACT.check(array(value), array(reference))


def derivatives(layer, data):
    """A layer's output, its gradient, and that of a penalty on its gradient."""

    def slope(x):
        return backends.input_gradient(lambda y: layer(y) ** 3, x)

    def step(_):
        return [layer(data), slope(data), backends.input_gradient(lambda x: slope(x) ** 2, data)]

    return backends.current().compile_step(step, [], updates=True)(data)


def test_gradient_goes_to_the_first_of_equal_values_row_by_row():
    data = tensor(np.array([[2, 1], [2, 2]], "float32").reshape(1, 2, 2, 1))
    gradient = backends.input_gradient(lambda x: 5 * layers.MaxPooling2D()(x), data)
    np.testing.assert_array_equal(array(gradient).reshape(2, 2), [[5, 0], [0, 0]])


@on_jax
def test_no_gradient_is_scattered():
    import jax

    backends.prepare()
    layer = layers.MaxPooling2D()
    gradient = jax.jit(jax.grad(lambda x: ops.sum(layer(x))))
    compiled = gradient.lower(np.ones((2, 8, 8, 4), "float32")).compile().as_text()
    assert "select-and-scatter" not in compiled
