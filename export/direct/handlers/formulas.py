"""Elementwise operations that are formulas of simpler ones."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

from export.direct.registry import array, case, decomposition

X = array(2, 3, 4)
POSITIVE = array(2, 3, low=0.1, high=3.0)


@decomposition("Expm1", cases=lambda: [case("expm1", X)])
def expm1(operation: Any, x: Any) -> Any:
    """`exp(x) - 1`; near zero `2 eˣᐟ² sinh(x/2)`, which does not cancel."""
    x = ops.cast(x, "float32")
    half = 0.5 * ops.clip(x, -1.0, 1.0)
    return ops.where(ops.abs(x) < 1.0, 2.0 * ops.exp(half) * ops.sinh(half), ops.exp(x) - 1.0)


@decomposition(
    "Log1p", cases=lambda: [case("log1p", POSITIVE), case("log1p", array(2, 3, low=-0.5, high=0.5))]
)
def log1p(operation: Any, x: Any) -> Any:
    """`log(1 + x)`; near zero `2 artanh(x / (2 + x))`, which does not cancel."""
    x = ops.cast(x, "float32")
    small = ops.clip(x, -0.5, 0.5)
    near = 2.0 * ops.arctanh(small / (small + 2.0))
    return ops.where(ops.abs(x) < 0.5, near, ops.log(x + 1.0))


@decomposition("Log2", "Log10", cases=lambda: [case("log2", POSITIVE), case("log10", POSITIVE)])
def logarithm(operation: Any, x: Any) -> Any:
    """`log(x)` in another base."""
    base = {"Log2": 2.0, "Log10": 10.0}[type(operation).__name__]
    return ops.log(x) * (1.0 / math.log(base))


@decomposition("Exp2", cases=lambda: [case("exp2", X)])
def exp2(operation: Any, x: Any) -> Any:
    """`2ˣ`."""
    return ops.power(2.0, ops.cast(x, "float32"))


@decomposition("Rsqrt", cases=lambda: [case("rsqrt", POSITIVE)])
def rsqrt(operation: Any, x: Any) -> Any:
    """`1 / √x`."""
    return ops.reciprocal(ops.sqrt(x))


# Chebyshev fit of log(erfc(x) · (1 + x/2)) + x² in 1 / (1 + x/2): W. H. Press et al., Numerical
# Recipes, 2nd ed. (1992), 6.2: a relative error below 1.2e-7.
ERFC = (
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398,
    1.48851587, -0.82215223, 0.17087277,
)  # fmt: skip


@decomposition(
    "Erfc", cases=lambda: [case("erfc", X), case("erfc", array(2, 9, low=-4.0, high=6.0))]
)
def erfc(operation: Any, x: Any) -> Any:
    """`1 - erf(x)`; where that cancels, `t exp(-x² + p(t))` with `t = 1 / (1 + x/2)`."""
    x = ops.cast(x, "float32")
    tail = ops.maximum(x, 0.5)
    t = 1.0 / (1.0 + 0.5 * tail)
    p = ERFC[-1]
    for factor in ERFC[-2::-1]:
        p = p * t + factor
    return ops.where(x < 0.5, 1.0 - ops.erf(x), t * ops.exp(p - tail * tail))


@decomposition("Cbrt", cases=lambda: [case("cbrt", X)])
def cbrt(operation: Any, x: Any) -> Any:
    """`∛x`, also of negative numbers."""
    return ops.sign(x) * ops.power(ops.abs(x), 1.0 / 3.0)


@decomposition("Hypot", cases=lambda: [case("hypot", X, array(2, 3, 4))])
def hypot(operation: Any, x: Any, y: Any) -> Any:
    """`√(x² + y²)`, through the larger of the two: its square may be infinite."""
    x, y = ops.abs(ops.cast(x, "float32")), ops.abs(ops.cast(y, "float32"))
    large, small = ops.maximum(x, y), ops.minimum(x, y)
    whole = ops.logical_or(ops.equal(large, 0.0), ops.isinf(large))
    ratio = small / ops.where(whole, 1.0, large)
    return ops.where(whole, large, large * ops.sqrt(1.0 + ratio * ratio))


@decomposition("Trunc", cases=lambda: [case("trunc", X)])
def trunc(operation: Any, x: Any) -> Any:
    """Rounding towards zero; whole numbers stay."""
    return ops.where(x < 0, ops.ceil(x), ops.floor(x)) if "float" in x.dtype else x


@decomposition("Mod")
def float_modulo(operation: Any, x: Any, y: Any) -> Any:
    """The remainder with the sign of the divisor (mod); that of the dividend is fmod's.

    ONNX's own remainder is exact, a quotient rounded to float32 is not.
    """
    rest = ops.fmod(x, y)
    apart = ops.logical_and(ops.not_equal(rest, 0.0), (rest < 0.0) != (y < 0.0))
    signed = ops.where(apart, rest + y, rest)
    return ops.where(ops.equal(rest, 0.0), ops.zeros_like(rest), signed)


@decomposition("Round")
def round_decimals(operation: Any, x: Any) -> Any:
    """Rounding to `decimals` places; integers stay."""
    if "int" in x.dtype or not operation.decimals:
        return x
    scale = 10.0**operation.decimals
    return ops.round(x * scale) / scale


@decomposition("Logaddexp", cases=lambda: [case("logaddexp", X, array(2, 3, 4, low=-30, high=30))])
def logaddexp(operation: Any, x: Any, y: Any) -> Any:
    """`log(eˣ + eʸ)`, through the larger of the two; equal infinities have no difference."""
    apart = ops.where(ops.equal(x, y), 0.0, ops.abs(x - y))
    return ops.maximum(x, y) + ops.log1p(ops.exp(-apart))


@decomposition("Logaddexp2", cases=lambda: [case("logaddexp2", X, array(2, 3, 4))])
def logaddexp2(operation: Any, x: Any, y: Any) -> Any:
    """`log₂(2ˣ + 2ʸ)`."""
    scale = math.log(2.0)
    return ops.logaddexp(x * scale, y * scale) * (1.0 / scale)


@decomposition(
    "DivideNoNan", cases=lambda: [case("divide_no_nan", X, array(2, 3, 4, dtype="int32"))]
)
def divide_no_nan(operation: Any, x: Any, y: Any) -> Any:
    """`x / y`, and 0 where `y` is 0."""
    y = ops.cast(y, "float32")
    zero = ops.equal(y, 0.0)
    return ops.where(zero, 0.0, ops.divide(x, ops.where(zero, 1.0, y)))


@decomposition("Arctan2", cases=lambda: [case("arctan2", X, array(2, 3, 4))])
def arctan2(operation: Any, y: Any, x: Any) -> Any:
    """The angle of the point `(x, y)`, in -π … π; zeros have a sign."""
    x, y = ops.cast(x, "float32"), ops.cast(y, "float32")
    wide, high = ops.abs(x), ops.abs(y)
    large, small = ops.maximum(wide, high), ops.minimum(wide, high)
    both = ops.equal(wide, high)  # also infinities, which have no ratio
    ratio = ops.where(both, 1.0, small / ops.where(both, 1.0, large))
    ratio = ops.where(ops.equal(large, 0.0), 0.0, ratio)
    angle = ops.arctan(ratio)
    angle = ops.where(high > wide, math.pi / 2 - angle, angle)
    angle = ops.where(ops.signbit(x), math.pi - angle, angle)
    angle = ops.where(ops.signbit(y), -angle, angle)
    return ops.where(ops.logical_or(ops.isnan(x), ops.isnan(y)), x + y, angle)


@decomposition("Sinc", cases=lambda: [case("sinc", X)])
def sinc(operation: Any, x: Any) -> Any:
    """`sin(πx) / πx`, and 1 at 0."""
    angle = math.pi * x
    zero = ops.equal(angle, 0.0)
    return ops.where(zero, 1.0, ops.sin(angle) / ops.where(zero, 1.0, angle))


@decomposition("Deg2rad", "Rad2deg", cases=lambda: [case("deg2rad", X), case("rad2deg", X)])
def angle_unit(operation: Any, x: Any) -> Any:
    """Conversion between degrees and radians."""
    degrees = type(operation).__name__ == "Deg2rad"
    return ops.cast(x, "float32") * (math.pi / 180 if degrees else 180 / math.pi)


@decomposition("Heaviside", cases=lambda: [case("heaviside", X, array(2, 3, 4))])
def heaviside(operation: Any, x: Any, y: Any) -> Any:
    """0 below zero, 1 above, `y` at zero."""
    step = ops.cast(ops.greater(x, 0.0), "float32")
    return ops.where(ops.equal(x, 0.0), y, step)


@decomposition("Isfinite", cases=lambda: [case("isfinite", X)])
def isfinite(operation: Any, x: Any) -> Any:
    """Neither infinite nor NaN."""
    return ops.logical_not(ops.logical_or(ops.isnan(x), ops.isinf(x)))


@decomposition("Isposinf", "Isneginf", cases=lambda: [case("isposinf", X), case("isneginf", X)])
def signed_infinity(operation: Any, x: Any) -> Any:
    """Infinite, and of one sign."""
    side = ops.greater if type(operation).__name__ == "Isposinf" else ops.less
    return ops.logical_and(ops.isinf(x), side(x, 0.0))


@decomposition("Isclose", cases=lambda: [case("isclose", X, array(2, 3, 4), rtol=0.5)])
def isclose(operation: Any, x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8) -> Any:
    """`|x - y| ≤ atol + rtol |y|`."""
    return ops.less_equal(ops.abs(x - y), atol + rtol * ops.abs(y))


@decomposition("NanToNum", cases=lambda: [case("nan_to_num", X)])
def nan_to_num(operation: Any, x: Any) -> Any:
    """`x`, with NaN and the infinities replaced by numbers."""
    largest = 3.4028234663852886e38
    high = largest if operation.posinf is None else operation.posinf
    low = -largest if operation.neginf is None else operation.neginf
    x = ops.where(ops.isnan(x), float(operation.nan), x)
    x = ops.where(ops.isposinf(x), float(high), x)
    return ops.where(ops.isneginf(x), float(low), x)


@decomposition(
    "OnesLike",
    "ZerosLike",
    "EmptyLike",
    cases=lambda: [case("ones_like", X), case("zeros_like", X)],
)
def filled_like(operation: Any, x: Any) -> Any:
    """A constant of the shape of `x`."""
    fill = 1 if type(operation).__name__ == "OnesLike" else 0
    return ops.full_like(x, fill, dtype=operation.dtype)


@decomposition("FullLike", cases=lambda: [case("full_like", X, 3)])
def full_like(operation: Any, x: Any, fill_value: Any) -> Any:
    """One number, in the shape of `x`."""
    dtype = operation.dtype or x.dtype
    return ops.broadcast_to(ops.cast(ops.convert_to_tensor(fill_value), dtype), x.shape)


@decomposition("Select")
def select(operation: Any, condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """The choice of the first condition that holds."""
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = ops.where(condition, choice, result)
    return result


@decomposition(
    "Sparsemax", cases=lambda: [case("nn.sparsemax", X), case("nn.sparsemax", X, axis=1)]
)
def sparsemax(operation: Any, x: Any) -> Any:
    """Sparsemax (Martins & Astudillo, 2016), with Keras's threshold: it adds up the kept sums."""
    axis = operation.axis % len(x.shape)
    falling = -ops.sort(-x, axis=axis)
    sums = ops.cumsum(falling, axis=axis)
    ranks = ops.reshape(
        ops.arange(1, x.shape[axis] + 1, dtype="float32"),
        [-1 if place == axis else 1 for place in range(len(x.shape))],
    )
    kept = ops.cast(falling - (sums - 1.0) / ranks > 0, "float32")
    total, count = (ops.sum(each, axis=axis, keepdims=True) for each in (kept * sums, kept))
    return ops.maximum(x - (total - 1.0) / count, 0.0)
