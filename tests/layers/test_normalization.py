"""The normalizations against numbers worked out by hand, and against Keras's own."""

import keras
import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA, FORWARD, Tolerance
from zoo.errors import ModelError
from zoo.layers import (
    BatchNormalization,
    GroupNormalization,
    InstanceNormalization,
    LayerNormalization,
)

DATA = [[1.0, 2.0], [3.0, 6.0]]  # means 2 and 4, variances 1 and 4
SHAPES = [(6, 3), (2, 5, 3), (2, 4, 5, 3)]


def with_random_weights(layer, like, shape):
    """Builds two layers and gives both the same positive random weights."""
    rng = np.random.default_rng(0)
    for each in (layer, like):
        each.build(shape)
    values = [rng.uniform(0.5, 2, weight.shape).astype("float32") for weight in layer.weights]
    layer.set_weights(values)
    like.set_weights(values)


def test_batch_normalization_trains_on_the_batch_and_moves_its_statistics():
    layer = BatchNormalization(momentum=0.9, epsilon=0.0)
    FORMULA.check(array(layer(tensor(DATA), training=True)), [[-1, -1], [1, 1]])
    FORMULA.check(array(layer.moving_mean), [0.1 * 2, 0.1 * 4])
    FORMULA.check(array(layer.moving_variance), [0.9 + 0.1 * 1, 0.9 + 0.1 * 4])
    layer(tensor(DATA), training=True)
    FORMULA.check(array(layer.moving_mean), [0.09 * 2 + 0.2, 0.09 * 4 + 0.4])
    FORMULA.check(array(layer.moving_variance), [0.9 * 1.0 + 0.1, 0.9 * 1.3 + 0.4])


def test_batch_normalization_infers_from_the_moving_statistics_and_keeps_them():
    layer = BatchNormalization(epsilon=0.5)
    layer.build((None, 2))
    layer.set_weights(list(np.array([[2, 3], [0.5, -1], [1, 2], [3.5, 0.75]])))
    first = [0.5, 2 * (3 - 1) / 2 + 0.5]
    second = [-1.0, 3 * (6 - 2) / 1.25**0.5 - 1.0]
    found = array(layer(tensor(DATA), training=False))
    FORMULA.check(found, np.transpose([first, second]))
    FORMULA.check(array(layer.moving_mean), [1.0, 2.0])
    FORMULA.check(array(layer.moving_variance), [3.5, 0.75])


def test_frozen_batch_normalization_infers_even_in_training():
    layer = BatchNormalization(epsilon=0.0)
    layer.trainable = False
    FORMULA.check(array(layer(tensor(DATA), training=True)), DATA)
    FORMULA.check(array(layer.moving_mean), [0.0, 0.0])


def test_batch_normalization_keeps_small_variances_around_a_large_mean():
    data = 1000 + np.random.default_rng(0).normal(0, 0.1, (64, 3)).astype("float32")
    exact = data.astype("float64")
    expected = (exact - exact.mean(axis=0)) / np.sqrt(exact.var(axis=0) + 1e-6)
    layer = BatchNormalization(epsilon=1e-6)
    found = array(layer(tensor(data), training=True))
    # The mean itself is only known to 6e-5, which is 6e-4 deviations.
    np.testing.assert_array_less(np.abs(found - expected), 2e-3)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("options", [{}, {"axis": 1}, {"center": False}, {"scale": False}])
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_normalization_equals_that_of_keras(shape, options, training):
    ours = BatchNormalization(momentum=0.7, **options)
    theirs = keras.layers.BatchNormalization(momentum=0.7, **options)
    with_random_weights(ours, theirs, shape)
    data = tensor(np.random.default_rng(1).normal(1, 2, shape))
    outputs, expected = ours(data, training=training), theirs(data, training=training)
    FORWARD.check(array(outputs), array(expected), name="outputs")
    for own, other in zip(ours.weights, theirs.weights, strict=True):
        FORWARD.check(array(own), array(other), name=own.path)


def test_layer_normalization_centres_and_scales_each_row():
    layer = LayerNormalization(epsilon=0.25)
    layer.build((None, 2))
    layer.set_weights(list(np.array([[2.0, 3.0], [0.5, -1.0]])))
    # Means 1.5 and 4.5, variances .25 and 2.25.
    first = [2 * -0.5 / 0.5**0.5 + 0.5, 3 * 0.5 / 0.5**0.5 - 1]
    second = [2 * -1.5 / 2.5**0.5 + 0.5, 3 * 1.5 / 2.5**0.5 - 1]
    FORMULA.check(array(layer(tensor(DATA))), [first, second])


@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False}])
@pytest.mark.parametrize("shape", SHAPES)
def test_layer_normalization_equals_that_of_keras(shape, options):
    ours = LayerNormalization(**options)
    theirs = keras.layers.LayerNormalization(**options)
    with_random_weights(ours, theirs, shape)
    data = tensor(np.random.default_rng(1).normal(1, 2, shape))
    FORWARD.check(array(ours(data)), array(theirs(data)))


@pytest.mark.parametrize("axis", [1, (1, 2), (1, 3), (1, 2, 3)])
def test_layer_normalization_takes_any_axes(axis):
    axes = axis if isinstance(axis, tuple) else (axis,)
    layer = LayerNormalization(axis=axis, epsilon=0.5, center=False)
    data = np.random.default_rng(1).normal(1, 2, (2, 4, 5, 3))
    layer.build(data.shape)
    gamma = np.random.default_rng(2).uniform(0.5, 2, layer.gamma.shape)
    layer.gamma.assign(gamma)
    centred = data - data.mean(axis=axes, keepdims=True)
    normal = centred / np.sqrt(data.var(axis=axes, keepdims=True) + 0.5)
    absent = tuple(each for each in range(4) if each not in axes)
    FORWARD.check(array(layer(tensor(data))), normal * np.expand_dims(gamma, absent))


def test_normalization_of_samples_is_over_space_and_channels_with_a_gain_for_each_channel():
    layer = GroupNormalization(groups=1, epsilon=0.5)
    layer.build((None, 2, 2))
    layer.set_weights(list(np.array([[2.0, 3.0], [0.5, -1.0]])))
    # Of 1, 2, 3, 6: mean 3, variance 3.5.
    normal = (np.array(DATA) - 3) / 2
    FORMULA.check(array(layer(tensor([DATA])))[0], normal * [2, 3] + [0.5, -1])


def test_instance_normalization_is_over_space_alone():
    layer = InstanceNormalization(epsilon=0.0)
    FORMULA.check(array(layer(tensor([DATA, np.array(DATA) * 9])))[1], [[-1, -1], [1, 1]])


@pytest.mark.parametrize(
    "options",
    [
        {"groups": 1},
        {"groups": 3},
        {"groups": 6},
        {"groups": -1},
        {"groups": 2, "center": False, "scale": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", [(4, 6), (2, 5, 6), (2, 4, 5, 6)])
def test_group_normalization_equals_that_of_keras(shape, options):
    ours = GroupNormalization(**options)
    theirs = keras.layers.GroupNormalization(**options)
    with_random_weights(ours, theirs, shape)
    data = tensor(np.random.default_rng(1).normal(1, 2, shape))
    FORWARD.check(array(ours(data)), array(theirs(data)))


def test_group_normalization_keeps_small_differences_of_a_large_map():
    """One float32 sum over all of the map, as Keras's layer takes it, is off by up to 1e-2 here."""
    data = np.full((1, 96, 96, 2), 1.1, "float32")
    data[:, :1] = 0.9
    wide = data.astype("float64")
    expected = (wide - wide.mean()) / np.sqrt(wide.var() + 1e-6)
    found = array(GroupNormalization(2, epsilon=1e-6)(tensor(data)))
    Tolerance(absolute=1e-4, relative=0.0).check(found, expected)


@pytest.mark.parametrize("size", [7, 96])
@pytest.mark.parametrize("layer", [InstanceNormalization, lambda: GroupNormalization(1)])
def test_a_constant_map_leaves_exactly_zero(layer, size):
    """The rounding of a mean, divided by the root of epsilon, was as large as 1e-2."""
    data = np.full((1, size, size, 1), 0.317, "float32")
    EXACT.check(array(layer()(tensor(data))), 0 * data)


def test_group_normalization_takes_channels_first():
    ours, theirs = (
        kind(groups=2, axis=1) for kind in (GroupNormalization, keras.layers.GroupNormalization)
    )
    with_random_weights(ours, theirs, (2, 6, 3, 4))
    data = tensor(np.random.default_rng(1).normal(1, 2, (2, 6, 3, 4)))
    FORWARD.check(array(ours(data)), array(theirs(data)))


@pytest.mark.parametrize(
    ("kind", "options"), [(GroupNormalization, {"groups": 2}), (InstanceNormalization, {})]
)
def test_a_saved_normalization_answers_alike(kind, options, tmp_path):
    layer = kind(epsilon=0.5, **options)
    inputs = keras.Input((3, 4, 6))
    network = keras.Model(inputs, layer(inputs))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    data = tensor(np.random.default_rng(0).normal(size=(2, 3, 4, 6)))
    EXACT.check(array(loaded(data)), array(network(data)))


@pytest.mark.parametrize("kind", [GroupNormalization, InstanceNormalization])
def test_group_normalization_computes_in_float32(kind):
    options = {"groups": 1} if kind is GroupNormalization else {}
    data = np.array([[[300.0], [-300.0]]])  # squares are more than float16 holds
    outputs = kind(dtype="mixed_float16", **options)(tensor(data, "float16"))
    assert keras.backend.standardize_dtype(outputs.dtype) == "float16"
    FORMULA.check(array(outputs), [[[1], [-1]]])


@pytest.mark.parametrize("kind", [BatchNormalization, LayerNormalization])
def test_normalization_returns_the_type_it_was_given_and_computes_in_float32(kind):
    layer = kind(dtype="mixed_float16")
    data = np.array([[300.0, -300.0], [-300.0, 500.0]])  # squares are more than float16 holds
    inputs = tensor(data, "float16")
    outputs = layer(inputs, training=True) if kind is BatchNormalization else layer(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float16"
    FORMULA.check(np.abs(array(outputs)), np.ones((2, 2)))


@pytest.mark.parametrize(
    ("kind", "argument"), [(BatchNormalization, "renorm"), (LayerNormalization, "rms_scaling")]
)
def test_normalization_refuses_what_it_would_ignore(kind, argument):
    with pytest.raises(ModelError, match=f"{argument} is not supported"):
        kind(**{argument: True})
