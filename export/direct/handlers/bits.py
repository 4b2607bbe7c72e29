"""Signs, shifts, and special functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.registry import array, case, decomposition, operation
from export.direct.tensor import Stored, Tensor

X = array(2, 3, 4)
SMALL = array(2, 3, dtype="int32", low=0, high=9)
SIGNED = array(2, 3, dtype="int32", low=-90, high=90)


@operation("Signbit", cases=lambda: [case("signbit", X), case("signbit", SIGNED)])
def sign_bit(call: Call, x: Tensor) -> Stored:
    """Whether a number is below zero, or is the zero below: its reciprocal is."""
    value = call.cast(x, "float32")
    inverse = call.wrap(call.elementwise("Reciprocal", value), x.shape, "float32")
    zero = call.tensor(np.zeros((), np.float32))
    sides = [
        call.wrap(call.elementwise("Less", v, zero), x.shape, "bool") for v in (value, inverse)
    ]
    return call.elementwise("Or", *sides)


@decomposition(
    "Fmax",
    "Fmin",
    cases=lambda: [case(name, X, array(2, 3, 4)) for name in ("fmax", "fmin")],
)
def extreme_without_nan(operation: Any, x: Any, y: Any) -> Any:
    """The extreme of two numbers, of which one may be NaN."""
    extreme = ops.maximum if type(operation).__name__ == "Fmax" else ops.minimum
    x, y = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
    found = extreme(x, y)
    if "float" not in found.dtype:
        return found
    return ops.where(ops.isnan(x), y, ops.where(ops.isnan(y), x, found))


@decomposition(
    "LeftShift",
    "RightShift",
    "BitwiseLeftShift",
    "BitwiseRightShift",
    cases=lambda: [
        case("left_shift", SIGNED, SMALL),
        case("right_shift", SIGNED, SMALL),
        case("bitwise_left_shift", SIGNED, SMALL),
        case("bitwise_right_shift", SIGNED, SMALL),
    ],
)
def shift(operation: Any, x: Any, y: Any) -> Any:
    """Multiplication and division by powers of two; ONNX shifts unsigned numbers alone."""
    factor = ops.take(np.array([2**n for n in range(63)], "int64"), ops.clip(y, 0, 62))
    wide = ops.cast(x, "int64")
    left = "Left" in type(operation).__name__
    moved = wide * factor if left else ops.floor_divide(wide, factor)
    return ops.cast(moved, x.dtype)


@decomposition(
    "Ldexp", cases=lambda: [case("ldexp", X, array(2, 3, 4, dtype="int32", low=-5, high=6))]
)
def ldexp(operation: Any, x: Any, y: Any) -> Any:
    """`x · 2ʸ`, in two steps: the power alone may be infinite."""
    half = ops.floor_divide(y, 2)
    first, second = (ops.exp2(ops.cast(n, "float32")) for n in (half, y - half))
    return ops.cast(x, "float32") * first * second


EUCLID_STEPS = 48  # Lamé: the smallest numbers that need n steps are Fibonacci's, F(47) > 2³¹


@decomposition("Gcd", "Lcm", cases=lambda: [case("gcd", SIGNED, SMALL), case("lcm", SIGNED, SMALL)])
def euclid(operation: Any, x: Any, y: Any) -> Any:
    """Euclid's algorithm, as many steps as 32 bits may take."""
    dtype = ops.add(x, y).dtype
    large, small = ops.abs(ops.cast(x, "int64")), ops.abs(ops.cast(y, "int64"))
    product = large * small
    for _ in range(EUCLID_STEPS):
        done = ops.equal(small, 0)
        rest = ops.mod(large, ops.where(done, 1, small))
        large, small = ops.where(done, large, small), ops.where(done, small, rest)
    if type(operation).__name__ == "Gcd":
        return ops.cast(large, dtype)
    return ops.cast(ops.floor_divide(product, ops.maximum(large, 1)), dtype)


# Polynomials in the probit's w = -log((1 - x)(1 + x)): M. Giles, Approximating the erfinv function,
# GPU Computing Gems 2 (2010), single precision.
NEAR = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
FAR = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
    0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip


def _polynomial(factors: tuple[float, ...], x: Any) -> Any:
    value: Any = factors[0]
    for factor in factors[1:]:
        value = value * x + factor
    return value


@decomposition(
    "Erfinv",
    cases=lambda: [
        case("erfinv", array(4, 9, low=-0.999, high=0.999)),
        case("erfinv", array(2, 9, low=-0.01, high=0.01)),
    ],
)
def erfinv(operation: Any, x: Any) -> Any:
    """The inverse of erf, by two polynomials; infinite at ±1 and NaN beyond."""
    inner = ops.clip(x, -0.99999994, 0.99999994)
    w = -ops.log((1.0 - inner) * (1.0 + inner))
    near = _polynomial(NEAR, ops.minimum(w, 5.0) - 2.5)
    far = _polynomial(FAR, ops.sqrt(ops.maximum(w, 5.0)) - 3.0)
    found = ops.where(w < 5.0, near, far) * inner
    size = ops.abs(x)
    edge = ops.where(ops.equal(size, 1.0), ops.sign(x) * math.inf, found)
    return ops.where(size > 1.0, math.nan, ops.where(ops.isnan(x), x, edge))


# Polynomials in (x / 3.75)² and 3.75 / |x|: Abramowitz & Stegun, 9.8.1 and 9.8.2.
I0_NEAR = (0.0045813, 0.0360768, 0.2659732, 1.2067492, 3.0899424, 3.5156229, 1.0)
I0_FAR = (
    0.00392377, -0.01647633, 0.02635537, -0.02057706, 0.00916281, -0.00157565, 0.00225319,
    0.01328592, 0.39894228,
)  # fmt: skip


@decomposition("I0", cases=lambda: [case("i0", X), case("i0", array(2, 9, low=-20, high=20))])
def bessel(operation: Any, x: Any) -> Any:
    """The modified Bessel function of the first kind and order 0."""
    size = ops.abs(ops.cast(x, "float32"))
    share = ops.minimum(size, 3.75) / 3.75
    near = _polynomial(I0_NEAR, share * share)
    large = ops.maximum(size, 3.75)
    far = _polynomial(I0_FAR, 3.75 / large) * ops.exp(large) / ops.sqrt(large)
    return ops.where(size < 3.75, near, far)


@decomposition("Isreal", "Imag", cases=lambda: [case("isreal", X), case("imag", X)])
def of_real_numbers(operation: Any, x: Any) -> Any:
    """The answer for real numbers, which is known without looking."""
    if type(operation).__name__ == "Imag":
        return ops.zeros_like(x)
    return ops.full_like(x, True, dtype="bool")


@decomposition("Angle", cases=lambda: [case("angle", X)])
def angle(operation: Any, x: Any) -> Any:
    """π for numbers below zero and the zero below, 0 for others."""
    x = ops.cast(x, "float32")
    return ops.where(ops.isnan(x), x, ops.where(ops.signbit(x), math.pi, 0.0))
