"""Formulas over the whole range of numbers, against what Keras returns."""

import keras
import numpy as np
from keras import ops

from export.direct import convert
from tests.export.direct.agreement import arrays_of, run_onnx

SIZES = [0.0, 1e-30, 1e-8, 0.3, 1.0, 2.5, 20.0, 87.0, 100.0, 1e8, 1e30]
NUMBERS = np.array([*SIZES, *(-size for size in SIZES), np.inf, -np.inf, np.nan], "float32")
UNARY = (
    "expm1 log1p sign ones_like zeros_like trunc signbit isfinite exp2 log2 log10 rsqrt erf erfc "
    "cbrt angle nan_to_num relu softplus log_sigmoid"
).split()
BINARY = ("hypot", "logaddexp", "arctan2", "maximum", "heaviside", "fmin", "fmax")
WHOLE = np.array([-(2**31), -(2**31) + 1, -7, -1, 0, 1, 7, 2**31 - 1], "int32")


def agree(model, *inputs):
    """Each output is equal, to the rounding of its own size; NaN where NaN is."""
    proto = convert(model)
    names = [symbol.name for symbol in model.inputs]
    found = run_onnx(proto, dict(zip(names, inputs, strict=True)))
    expected = arrays_of(model(list(inputs) if len(inputs) > 1 else inputs[0], training=False))
    labels = sorted(model.output)
    wrong = []
    for label, ours, theirs in zip(labels, found, expected, strict=True):
        equal = np.isclose(ours, theirs, rtol=1e-5, atol=1e-37, equal_nan=True)
        if not equal.all():
            wrong.append((label, [x[~equal][:4].tolist() for x in (*inputs, ours, theirs)]))
    assert not wrong, wrong


def test_formulas_are_right_from_the_smallest_to_the_largest_numbers():
    x = keras.Input((), name="x")
    agree(keras.Model(x, {name: getattr(ops, name)(x) for name in UNARY}), NUMBERS)


def test_formulas_of_two_numbers_are_right_over_the_whole_range():
    x, y = keras.Input((), name="x"), keras.Input((), name="y")
    model = keras.Model([x, y], {name: getattr(ops, name)(x, y) for name in BINARY})
    numbers = NUMBERS[np.isfinite(NUMBERS)]
    agree(model, np.repeat(numbers, numbers.size), np.tile(numbers, numbers.size))


def test_remainders_and_quotients_are_exact():
    x, y = keras.Input((), name="x"), keras.Input((), name="y")
    names = ("mod", "fmod")
    numbers = np.array([7.5, -7.5, 1e8, -1e8, 0.3, 123456.7], "float32")
    divisors = np.array([0.7, -0.7, 3.0, -3.0, 1e8, 0.1], "float32")
    model = keras.Model([x, y], {name: getattr(ops, name)(x, y) for name in names})
    agree(model, np.repeat(numbers, divisors.size), np.tile(divisors, numbers.size))


def test_the_smallest_integer_has_a_quotient():
    x = keras.Input((), name="x", dtype="int32")
    quotients = {"three": ops.floor_divide(x, 3), "minus": ops.floor_divide(x, -3)}
    agree(keras.Model(x, quotients | {"mod": ops.mod(x, 3)}), WHOLE)


def test_bins_and_steps_place_odd_numbers_as_keras_does():
    x = keras.Input((1,), name="x")
    bins = keras.layers.Discretization(bin_boundaries=[-1.0, 0.0, 2.0])(x)
    agree(keras.Model(x, {"bins": bins, "sign": ops.sign(x)}), NUMBERS[:, None])
