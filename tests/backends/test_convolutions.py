"""Stock convolutions in JAX's faster forms: Keras's values, and its derivatives of both orders."""

from dataclasses import dataclass, replace

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.arrays import array, tensor
from tests.backends.keras_own import keras_own
from tests.tolerances import SECOND_DERIVATIVE
from zoo import backends

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "jax", reason="only on JAX are Keras's convolutions replaced"
)


@pytest.fixture
def keras_functions():
    from zoo.backends.jax import keras_functions

    return keras_functions


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
    (layers.Conv2DTranspose, Case((7, 6), 3, options=(("dilation_rate", 2),))),
    (layers.Conv3D, Case((4, 3, 5), 3, 2)),
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
    layer, shape = case.layer(kind), (3, *case.sizes, case.channels)
    layer.build(shape)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    data = tensor(rng.normal(size=shape))
    found = derivatives(layer, data)
    with keras_own():
        expected = derivatives(layer, data)
    for value, reference in zip(found, expected, strict=True):
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


@pytest.mark.parametrize(("kind", "case"), [*FOREIGN[:2], *FOREIGN[3:]], ids=str)
def test_what_the_forms_do_not_know_is_left_to_keras(keras_functions, kind, case):
    form = keras_functions.conv_transpose if "Transpose" in kind.__name__ else keras_functions.conv
    layer = case.layer(kind)
    data = np.ones((3, *case.sizes, case.channels), "float32")
    layer.build(data.shape)
    given = {"strides": layer.strides, "padding": layer.padding}
    if kind is layers.Conv2DTranspose:
        given["output_padding"] = layer.output_padding
    assert form(data, layer.kernel, dilation_rate=layer.dilation_rate, **given) is None


def test_channels_first_is_left_to_keras(keras_functions):
    data, kernel = np.ones((2, 3, 5, 5), "float32"), np.ones((3, 3, 3, 4), "float32")
    assert keras_functions.conv(data, kernel, data_format="channels_first") is None
    assert keras_functions.max_pool(data, 2, data_format="channels_first") is None


def test_an_empty_result_is_an_error_of_keras():
    backends.prepare()
    with pytest.raises(ValueError, match="empty output"):
        ops.conv(np.ones((1, 2, 2, 1), "float32"), np.ones((3, 3, 1, 1), "float32"))


def test_installing_twice_replaces_once(keras_functions):
    from keras.src.backend import nn

    keras_functions.install()
    assert keras_functions.is_replaced(nn.conv)
    assert not keras_functions.is_replaced(nn.conv.__wrapped__)


def test_symbolic_batches_take_the_form_and_symbolic_sizes_do_not(keras_functions):
    import jax
    from jax import export

    batch, size = export.symbolic_shape("batch, size")
    kernel = np.ones((3, 3, 2, 4), "float32")
    for shape, taken in (((batch, 5, 5, 2), True), ((1, size, 5, 2), False)):
        seen = []
        data = jax.ShapeDtypeStruct(shape, "float32")
        jax.eval_shape(lambda x, to=seen: to.append(keras_functions.conv(x, kernel)), data)
        assert (seen[0] is not None) == taken


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
