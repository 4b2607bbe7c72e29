"""Arithmetic, choice and types, in any order that the operands are stored in."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from export.direct.call import Call
from export.direct.registry import Result, array, case, operation
from export.direct.sizes import Size
from export.direct.tensor import Stored, Tensor, is_float

X = array(2, 3, 4)
POSITIVE = array(2, 3, low=0.1, high=3.0)
UNIT = array(2, 3, low=-0.9, high=0.9)
INTEGERS = array(2, 3, dtype="int32", low=-5, high=6)

# Keras class → ONNX operator, computed in the dtype of the result.
UNARY = {
    "Absolute": "Abs", "Abs": "Abs", "Fabs": "Abs", "Negative": "Neg",
    "Exp": "Exp", "Log": "Log", "Sqrt": "Sqrt", "Reciprocal": "Reciprocal",
    "Floor": "Floor", "Ceil": "Ceil", "Erf": "Erf",
    "Sin": "Sin", "Cos": "Cos", "Tan": "Tan", "Sinh": "Sinh", "Cosh": "Cosh", "Tanh": "Tanh",
    "Arcsin": "Asin", "Arccos": "Acos", "Arctan": "Atan",
    "Arcsinh": "Asinh", "Arccosh": "Acosh", "Arctanh": "Atanh",
}  # fmt: skip
BINARY = {
    "Add": "Add", "Subtract": "Sub", "Multiply": "Mul", "Divide": "Div", "TrueDivide": "Div",
    "Maximum": "Max", "Minimum": "Min",
}  # fmt: skip
# Types without kernels in ONNX Runtime → the wider ones that they are computed in.
WIDER_TYPES = {
    "bool": "int32", "int8": "int32", "uint8": "int32", "int16": "int32", "uint16": "int32",
    "uint32": "int64",
}  # fmt: skip


def _computed(call: Call, operator: str, values: Any, dtype: str) -> Stored:
    """Emits an operator in a type that has a kernel, and returns its result in `dtype`."""
    wide = WIDER_TYPES.get(dtype, dtype)
    if wide != dtype and dtype != "bool":  # a number becomes one of the small type first, and wraps
        values = [np.array(v).astype(dtype) if type(v) is int else v for v in values]
    result = call.elementwise(operator, *(call.tensor(value, wide) for value in values))
    return result if wide == dtype else call.converted(result, dtype)


@operation(
    *UNARY,
    cases=lambda: [
        *(case(name, X) for name in ("abs", "negative", "exp", "floor", "ceil", "erf")),
        *(case(name, X) for name in ("sin", "cos", "tanh", "sinh", "cosh", "arcsinh", "arctan")),
        *(case(name, POSITIVE) for name in ("log", "sqrt", "reciprocal")),
        *(case(name, UNIT) for name in ("tan", "arcsin", "arccos", "arctanh")),
        case("arccosh", array(2, 3, low=1.1, high=4)),
        *(case(name, INTEGERS) for name in ("abs", "negative", "exp")),
        case("exp", array(2, 0, 3)),
    ],
)
def unary(call: Call, x: Tensor) -> Stored:
    """Emits the operator that the table names."""
    return _computed(call, UNARY[call.name], [x], call.dtype)


@operation(
    *BINARY,
    cases=lambda: [
        *(
            case(name, array(2, 3, 4), array(2, 3, 4, low=0.5))
            for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum")
        ),
        case("add", array(2, 3, 1), array(2, 1, 4)),
        case("add", array(2, 3), 1.5),
        case("multiply", array(2, 0), array(2, 1)),
        case("subtract", INTEGERS, 2),
        case("divide", INTEGERS, 2),
        case("multiply", INTEGERS, array(2, 3)),
        case("maximum", array(2, 3, dtype="uint8", low=0, high=9), 4),
    ],
)
def binary(call: Call, x: Any, y: Any) -> Stored:
    """Emits the operator that the table names, in the dtype of the result."""
    return _computed(call, BINARY[call.name], [x, y], call.dtype)


@operation(
    "Power",
    cases=lambda: [
        *(case("power", X, exponent) for exponent in (2, 3, 2.0)),
        *(case("power", POSITIVE, exponent) for exponent in (0.5, -0.5, 1.7, -1)),
        case("power", POSITIVE, array(2, 3)),
        case("power", INTEGERS, 2),
    ],
)
def power(call: Call, x: Any, y: Any) -> Stored:
    """Raises to a power; squares and square roots have operators of their own."""
    constant = y.array if isinstance(y, Tensor) else y
    if constant is not None and np.ndim(constant) == 0 and isinstance(x, Tensor):
        if constant == 2:
            return _computed(call, "Mul", [x, x], call.dtype)
        if constant == 0.5 and is_float(call.dtype):
            return _computed(call, "Sqrt", [x], call.dtype)
    return _computed(call, "Pow", [x, y], call.dtype)


@operation("Sign", cases=lambda: [case("sign", X), case("sign", INTEGERS)])
def sign(call: Call, x: Tensor) -> Stored:
    """-1, 0, 1; NaN is 0 on PyTorch, stays elsewhere, and is either in ONNX Runtime."""
    signs = _computed(call, "Sign", [x], call.dtype)
    if not is_float(call.dtype):
        return signs
    value = call.cast(x, call.dtype)
    absent = call.wrap(call.elementwise("IsNaN", value), call.shape, "bool")
    kept = call.tensor(0.0, call.dtype) if keras.backend.backend() == "torch" else value
    return call.elementwise("Where", absent, kept, call.wrap(signs, call.shape, call.dtype))


@operation("Square", cases=lambda: [case("square", X), case("square", INTEGERS)])
def square(call: Call, x: Tensor) -> Stored:
    """`x · x`."""
    return _computed(call, "Mul", [x, x], call.dtype)


@operation(
    "Mod",
    cases=lambda: [
        case("mod", INTEGERS, 3),
        case("mod", INTEGERS, -3),
        case("mod", X, 0.7),
        case("mod", X, -0.7),
    ],
)
def modulo(call: Call, x: Any, y: Any) -> Result:
    """The remainder with the sign of the divisor."""
    if is_float(call.dtype):
        return NotImplemented
    return _computed(call, "Mod", [x, y], call.dtype)


@operation(
    "Fmod",
    cases=lambda: [case("fmod", X, 0.7), case("fmod", X, -0.7), case("fmod", INTEGERS, 3)],
)
def truncated_modulo(call: Call, x: Any, y: Any) -> Stored:
    """The remainder with the sign of the dividend, exact."""
    wide = WIDER_TYPES.get(call.dtype, call.dtype)
    values = [call.tensor(value, wide) for value in (x, y)]
    result = call.elementwise("Mod", *values, fmod=1)
    return result if wide == call.dtype else call.converted(result, call.dtype)


@operation(
    "FloorDivide", cases=lambda: [case("floor_divide", INTEGERS, 3), case("floor_divide", X, 0.3)]
)
def floor_divide(call: Call, x: Any, y: Any) -> Stored:
    """`⌊x / y⌋`; integers without a detour through floating point."""
    if is_float(call.dtype):
        quotient = _computed(call, "Div", [x, y], call.dtype)
        return Stored(call.emit("Floor", quotient.value), quotient.order)
    # In 64 bits: the smallest integer less its remainder may have no place in its own type.
    left, right = call.tensor(x, "int64"), call.tensor(y, "int64")
    rest = call.wrap(call.elementwise("Mod", left, right), call.shape, "int64")
    whole = call.wrap(call.elementwise("Sub", left, rest), call.shape, "int64")
    quotient = call.elementwise("Div", whole, right)
    return quotient if call.dtype == "int64" else call.converted(quotient, call.dtype)


@operation("Round", cases=lambda: [case("round", X), case("round", array(2, 3), decimals=1)])
def round_half_even(call: Call, x: Tensor) -> Result:
    """Rounds halves to even, as NumPy does."""
    if call.operation.decimals or not is_float(x.dtype):
        return NotImplemented
    return call.elementwise("Round", x)


def _integer_bound(number: Any, dtype: str) -> int:
    """A bound as an integer type holds it: one beyond its ends bounds nothing, or wraps on JAX."""
    if keras.backend.backend() == "jax":
        return int(np.array(int(number)).astype(dtype))
    limits = np.iinfo(dtype)
    return min(max(int(number), limits.min), limits.max)


@operation(
    "Clip",
    cases=lambda: [
        case("clip", X, -0.5, 1.0),
        case("clip", INTEGERS, -1, 3),
        case("clip", array(2, 3, dtype="uint8", low=0, high=9), 2, 5),
    ],
)
def clip(call: Call, x: Tensor) -> Stored:
    """Clips to numbers with Clip, to tensors with Max and Min."""
    low, high = call.operation.x_min, call.operation.x_max
    numbers = [
        v if isinstance(v, (int, float)) and not isinstance(v, Size) else call.tensor(v).array
        for v in (low, high)
    ]
    if all(number is not None and np.ndim(number) == 0 for number in numbers):
        if not is_float(call.dtype) and call.dtype != "bool":
            numbers = [_integer_bound(n, call.dtype) for n in numbers]
        bounds = [np.array(number, call.dtype) for number in numbers]
        return call.emit_stored("Clip", call.cast(x, call.dtype), *bounds)
    raised = call.wrap(_computed(call, "Max", [x, low], call.dtype), call.shape, call.dtype)
    return _computed(call, "Min", [raised, high], call.dtype)


@operation(
    "Where",
    cases=lambda: [
        case("where", array(2, 3, dtype="bool"), array(2, 3), 0.0),
        case("where", array(2, 3, 1, dtype="bool"), array(2, 1, 4), array(2, 3, 4)),
        case("where", array(2, 3, dtype="bool"), INTEGERS, array(2, 3)),
    ],
)
def where(call: Call, condition: Any, x: Any = None, y: Any = None) -> Stored:
    """Chooses by a condition."""
    if x is None or y is None:
        raise call.unsupported("Give both alternatives: the count of true elements is unknown.")
    wide = {"bool": "bool"}.get(call.dtype, WIDER_TYPES.get(call.dtype, call.dtype))
    picked = call.elementwise(
        "Where", call.tensor(condition, "bool"), call.tensor(x, wide), call.tensor(y, wide)
    )
    return picked if wide == call.dtype else call.converted(picked, call.dtype)


@operation(
    "Cast",
    "SaturateCast",
    "Array",
    "ConvertToTensor",
    cases=lambda: [
        case("cast", X, "int32"),
        case("cast", INTEGERS, "float32"),
        case("cast", array(2, 3, dtype="bool"), "float32"),
        case("cast", X, "bool"),
    ],
)
def cast(call: Call, x: Any) -> Stored:
    """Converts the type; floating types are all the same here."""
    return call.as_stored(call.tensor(x, call.dtype))


@operation(
    "StopGradient", "Copy", "Conjugate", "Conj", "Real", cases=lambda: [case("stop_gradient", X)]
)
def identity(call: Call, x: Tensor) -> Stored:
    """Identity, in inference and on real numbers."""
    return call.as_stored(x)
