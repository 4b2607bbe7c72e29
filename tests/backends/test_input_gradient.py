"""The gradient with respect to inputs, and the gradient of a penalty on it."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.arrays import array, tensor
from tests.backends import complex_step as reference
from tests.tolerances import FORMULA, SECOND_DERIVATIVE
from zoo import backends, losses
from zoo.layers import (
    BatchNormalization,
    Blur,
    ConditionalBatchNormalization,
    EqualizedDense,
    GroupNormalization,
    InstanceNormalization,
    LayerNormalization,
    MinibatchDeviation,
    MinibatchDiscrimination,
    SpectralConv2D,
    SpectralDense,
)

EPSILON = 1e-5
SMALLEST_SQUARE = 1e-8  # of the deviation's
LABELS = np.eye(3, dtype="float32")[[0, 2, 1, 2]]


def test_input_gradient_of_a_weighted_square():
    x, weights = tensor([[1.0, -2.0], [3.0, 0.5]]), tensor([[2.0, 3.0]])
    gradient = backends.input_gradient(lambda x: ops.sum(weights * x * x, axis=-1), x)
    FORMULA.check(array(gradient), [[4.0, -12.0], [12.0, 3.0]])


def test_input_gradient_sums_over_the_outputs():
    x = tensor([[1.0, 2.0]])
    gradient = backends.input_gradient(lambda x: ops.concatenate([x, 3 * x * x], axis=-1), x)
    FORMULA.check(array(gradient), [[1.0 + 6.0, 1.0 + 12.0]])


def test_input_gradient_of_a_float16_function_has_the_inputs_type():
    x = tensor([[1.0, 2.0]])
    gradient = backends.input_gradient(lambda x: ops.square(ops.cast(x, "float16")), x)
    assert keras.backend.standardize_dtype(gradient.dtype) == "float32"
    FORMULA.check(array(gradient), [[2.0, 4.0]])


def test_input_gradient_of_an_input_gradient():
    x = tensor([[1.0, -2.0]])
    first = lambda x: backends.input_gradient(lambda y: y**4, x)  # noqa: E731
    FORMULA.check(array(backends.input_gradient(first, x)), [[12.0, 48.0]])


@dataclass(frozen=True)
class Case:
    """A network in Keras and the same formula in NumPy."""

    shape: tuple[int, ...]
    hidden: Callable[[], list[keras.Layer]]
    formula: reference.Network
    rows: int = 4


def plain(weights, x):
    return reference.dense(np.tanh(reference.dense(x, *weights[:2])), *weights[2:])


def batch_normalized(weights, x):
    kernel, gamma, beta, *last = weights
    x = reference.normalize(reference.dense(x, kernel), (0,), gamma, beta, EPSILON)
    return reference.dense(np.tanh(x), *last)


def layer_normalized(weights, x):
    kernel, bias, gamma, beta, *last = weights
    x = reference.normalize(reference.dense(x, kernel, bias), (-1,), gamma, beta, EPSILON)
    return reference.dense(np.tanh(x), *last)


def convolved(weights, x):
    kernel, bias, *last = weights
    x = reference.leaky_relu(reference.convolution(x, kernel, bias))
    return reference.dense(x.reshape(len(x), -1), *last)


def convolved_and_layer_normalized(weights, x):
    kernel, bias, gamma, beta, *last = weights
    x = reference.convolution(x, kernel, bias)
    x = reference.leaky_relu(reference.normalize(x, (-1,), gamma, beta, EPSILON))
    return reference.dense(x.reshape(len(x), -1), *last)


def convolved_and_batch_normalized(weights, x):
    kernel, gamma, beta, *last = weights
    x = reference.convolution(x, kernel)
    x = reference.leaky_relu(reference.normalize(x, (0, 1, 2), gamma, beta, EPSILON))
    return reference.dense(x.reshape(len(x), -1), *last)


def convolved_and_group_normalized(groups):
    def formula(weights, x):
        kernel, bias, gamma, beta, *last = weights
        x = reference.convolution(x, kernel, bias)
        split = (groups, x.shape[-1] // groups)
        gamma, beta = gamma.reshape(split), beta.reshape(split)
        grouped = reference.normalize(
            x.reshape(*x.shape[:-1], *split), (1, 2, 4), gamma, beta, EPSILON
        )
        return reference.dense(reference.leaky_relu(grouped).reshape(len(x), -1), *last)

    return formula


def conditionally_normalized(weights, x):
    kernel, gain, offset, *last = weights
    gamma, beta = 1 + LABELS @ gain, LABELS @ offset
    x = reference.normalize(reference.dense(x, kernel), (0,), gamma, beta, EPSILON)
    return reference.dense(np.tanh(x), *last)


def spectrally_normalized(network):
    def formula(weights, x):
        kernel, *others = weights
        return network([kernel / reference.spectral_norm(kernel), *others], x)

    return formula


def compared(weights, x):
    kernel, bias, projection, *last = weights
    x = np.tanh(reference.dense(x, kernel, bias))
    rows = (x @ projection).reshape(len(x), 2, 3)
    apart = rows[:, None] - rows[None]
    distances = np.where(apart.real > 0, apart, -apart).sum(axis=-1)
    return reference.dense(np.concatenate([x, np.exp(-distances).sum(axis=1)], axis=1), *last)


def deviating(weights, x):
    kernel, bias, *last = weights
    x = np.tanh(reference.dense(x, kernel, bias))
    centred = x - x.mean(axis=0)
    deviation = np.sqrt((centred * centred).mean(axis=0) + SMALLEST_SQUARE).mean()
    added = np.full((len(x), 1), deviation)
    return reference.dense(np.concatenate([x, added], axis=1), *last)


def blurred(weights, x):
    kernel, bias, *last = weights
    x = np.tanh(reference.convolution(x, kernel, bias))
    padded = np.pad(x, ((0, 0), (2, 1), (2, 1), (0, 0)))
    four = np.array([1, 3, 3, 1]) / 8
    size = x.shape[1]
    x = sum(
        four[i] * four[j] * padded[:, i : i + size, j : j + size]
        for i in range(4)
        for j in range(4)
    )
    return reference.dense(x.reshape(len(x), -1), *last)


def equalized(weights, x):
    kernel, bias, *last = weights
    x = np.tanh(reference.dense(x, kernel / np.sqrt(kernel.shape[0]), bias))
    return reference.dense(x, *last)


class OfLabels(layers.Layer):
    """Conditional batch normalization of a batch whose labels are known."""

    def __init__(self):
        super().__init__()
        self.normalization = ConditionalBatchNormalization(epsilon=EPSILON)

    def call(self, inputs, training=None):
        return self.normalization([inputs, ops.convert_to_tensor(LABELS)], training=training)


def strided(kind=layers.Conv2D, filters=3, **options):
    return kind(filters, 3, strides=2, padding="same", **options)


def slope():
    return layers.LeakyReLU(negative_slope=0.2)


CASES = {
    "plain": Case((3,), lambda: [layers.Dense(5), layers.Activation("tanh")], plain),
    "batch normalization": Case(
        (3,),
        lambda: [
            layers.Dense(5, use_bias=False),
            BatchNormalization(epsilon=EPSILON),
            layers.Activation("tanh"),
        ],
        batch_normalized,
    ),
    "layer normalization": Case(
        (3,),
        lambda: [
            layers.Dense(5),
            LayerNormalization(epsilon=EPSILON),
            layers.Activation("tanh"),
        ],
        layer_normalized,
    ),
    "convolution": Case(
        (4, 4, 1), lambda: [strided(), slope(), layers.Flatten()], convolved, rows=2
    ),
    "convolution, layer normalization": Case(
        (4, 4, 1),
        lambda: [strided(), LayerNormalization(epsilon=EPSILON), slope(), layers.Flatten()],
        convolved_and_layer_normalized,
        rows=2,
    ),
    "convolution, batch normalization": Case(
        (4, 4, 1),
        lambda: [
            strided(use_bias=False),
            BatchNormalization(epsilon=EPSILON),
            slope(),
            layers.Flatten(),
        ],
        convolved_and_batch_normalized,
        rows=2,
    ),
    "conditional batch normalization": Case(
        (3,),
        lambda: [layers.Dense(5, use_bias=False), OfLabels(), layers.Activation("tanh")],
        conditionally_normalized,
    ),
    "convolution, normalization of samples": Case(
        (4, 4, 1),
        lambda: [
            strided(),
            GroupNormalization(groups=1, epsilon=EPSILON),
            slope(),
            layers.Flatten(),
        ],
        convolved_and_group_normalized(1),
        rows=2,
    ),
    "convolution, group normalization": Case(
        (4, 4, 1),
        lambda: [
            strided(filters=4),
            GroupNormalization(groups=2, epsilon=EPSILON),
            slope(),
            layers.Flatten(),
        ],
        convolved_and_group_normalized(2),
        rows=2,
    ),
    "convolution, instance normalization": Case(
        (4, 4, 1),
        lambda: [strided(), InstanceNormalization(epsilon=EPSILON), slope(), layers.Flatten()],
        convolved_and_group_normalized(3),
        rows=2,
    ),
    "comparison of rows": Case(
        (3,),
        lambda: [layers.Dense(4, activation="tanh"), MinibatchDiscrimination(2, 3)],
        compared,
    ),
    "deviation of rows": Case(
        (3,), lambda: [layers.Dense(4, activation="tanh"), MinibatchDeviation()], deviating
    ),
    "blur": Case(
        (4, 4, 1),
        lambda: [
            strided(),
            layers.Activation("tanh"),
            Blur([(2, 1), (2, 1)]),
            layers.Flatten(),
        ],
        blurred,
        rows=2,
    ),
    "equalized learning rate": Case(
        (3,), lambda: [EqualizedDense(5), layers.Activation("tanh")], equalized
    ),
    "spectral normalization": Case(
        (3,),
        lambda: [SpectralDense(5), layers.Activation("tanh")],
        spectrally_normalized(plain),
    ),
    "convolution, spectral normalization": Case(
        (4, 4, 1),
        lambda: [strided(SpectralConv2D), slope(), layers.Flatten()],
        spectrally_normalized(convolved),
        rows=2,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_gradient_penalty_has_the_right_gradient_through(name):
    case = CASES[name]
    rng = np.random.default_rng(0)
    data_input = keras.Input(case.shape, batch_size=case.rows)
    network = keras.Sequential([data_input, *case.hidden(), layers.Dense(1)])
    for variable in network.trainable_variables:
        variable.assign(rng.normal(0.2, 0.7, variable.shape).astype("float32"))
    for layer in network.layers:
        if hasattr(layer, "direction"):
            kernel = array(layer._kernel).reshape(-1, layer.direction.shape[0])
            layer.direction.assign(np.linalg.svd(kernel)[2][0])
    trained = network.trainable_variables
    weights = [array(variable).astype("float64") for variable in trained]
    data = rng.normal(size=(case.rows, *case.shape)).astype("float32")

    def penalty(weights):
        gradient = reference.input_gradient(case.formula, weights, data)
        norms = np.sqrt((gradient**2).reshape(len(data), -1).sum(axis=1))
        return np.mean((norms - 1) ** 2)

    def objective(data):
        gradient = backends.input_gradient(lambda x: network(x, training=True), data)
        value = losses.unit_norm(gradient)
        return value, {"penalty": value}

    def step(data):
        others = network.non_trainable_variables
        return backend.gradients(lambda: objective(data), trained, others)

    backend = backends.current()
    compiled = backend.compile_step(step, network.variables, updates=True)
    found, logs = compiled(backend.place(data))

    FORMULA.check(array(logs["penalty"]), penalty(weights), name="penalty")
    expected = reference.weight_gradients(penalty, weights)
    for variable, gradient, value in zip(trained, found, expected, strict=True):
        # The last bias shifts the output alone: TensorFlow and PyTorch give it no gradient at all.
        gradient = np.zeros(variable.shape) if gradient is None else array(gradient)
        SECOND_DERIVATIVE.check(gradient, value, name=variable.path)


def test_statistics_move_while_an_input_gradient_is_taken():
    network = keras.Sequential([keras.Input((2,)), BatchNormalization(momentum=0.5)])
    backend = backends.current()

    def step(data):
        def objective():
            slope = backends.input_gradient(lambda x: network(x, training=True), data)
            return ops.sum(ops.square(slope)), {}

        others = network.non_trainable_variables
        return backend.gradients(objective, network.trainable_variables, others)[1]

    data = np.array([[1.0, 2.0], [3.0, 6.0]], dtype="float32")
    backend.compile_step(step, network.variables, updates=True)(backend.place(data))
    normalization = network.layers[0]
    FORMULA.check(array(normalization.moving_mean), [0.5 * 2, 0.5 * 4])
    FORMULA.check(array(normalization.moving_variance), [0.5 + 0.5 * 1, 0.5 + 0.5 * 4])
