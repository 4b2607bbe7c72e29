"""Comparisons and logic, in any order that the operands are stored in."""

from __future__ import annotations

from typing import Any

from export.direct.call import Call
from export.direct.handlers.elementwise import INTEGERS, WIDER_TYPES, X
from export.direct.registry import array, case, operation
from export.direct.tensor import Stored, Tensor

COMPARISONS = {
    "Equal": "Equal", "NotEqual": "Equal", "Greater": "Greater", "GreaterEqual": "GreaterOrEqual",
    "Less": "Less", "LessEqual": "LessOrEqual",
}  # fmt: skip
LOGICAL = {"LogicalAnd": "And", "LogicalOr": "Or", "LogicalXor": "Xor"}
BITWISE = {
    "BitwiseAnd": "BitwiseAnd", "BitwiseOr": "BitwiseOr", "BitwiseXor": "BitwiseXor",
}  # fmt: skip


@operation(
    *COMPARISONS,
    cases=lambda: [
        *(
            case(name, INTEGERS, array(2, 3, dtype="int32", low=-5, high=6))
            for name in ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal")
        ),
        case("greater", X, 0.5),
        case("equal", array(2, 3, dtype="bool"), array(2, 1, dtype="bool")),
        case("less", INTEGERS, array(2, 3)),
    ],
)
def comparison(call: Call, x: Any, y: Any) -> Stored:
    """Compares in the dtype that both sides share."""
    name = call.name
    left, right = call.common(x, y)
    wide = WIDER_TYPES.get(left.dtype, left.dtype)
    result = call.elementwise(COMPARISONS[name], call.cast(left, wide), call.cast(right, wide))
    if name == "NotEqual":
        return Stored(call.emit("Not", result.value), result.order)
    return result


@operation(
    *LOGICAL,
    cases=lambda: [
        *(
            case(name, array(2, 3, dtype="bool"), array(2, 3, dtype="bool"))
            for name in ("logical_and", "logical_or", "logical_xor")
        ),
    ],
)
def logical(call: Call, x: Any, y: Any) -> Stored:
    """Combines truth values; numbers are true where they are not zero."""
    operator = LOGICAL[call.name]
    return call.elementwise(operator, call.tensor(x, "bool"), call.tensor(y, "bool"))


@operation("LogicalNot", cases=lambda: [case("logical_not", array(2, 3, dtype="bool"))])
def logical_not(call: Call, x: Any) -> Stored:
    """Negates truth values."""
    return call.elementwise("Not", call.tensor(x, "bool"))


@operation(
    *BITWISE, cases=lambda: [case(n, INTEGERS, INTEGERS) for n in ("bitwise_and", "bitwise_or")]
)
def bitwise(call: Call, x: Any, y: Any) -> Stored:
    """Combines bits, which ONNX can since opset 18."""
    if call.opset < 18:
        raise call.unsupported("Export with opset 18 or newer.")
    name = call.name
    if call.dtype == "bool":
        return call.elementwise(
            name.removeprefix("Bitwise"), call.tensor(x, "bool"), call.tensor(y, "bool")
        )
    return call.elementwise(BITWISE[name], call.tensor(x, call.dtype), call.tensor(y, call.dtype))


@operation("BitwiseNot", "BitwiseInvert", cases=lambda: [case("bitwise_not", INTEGERS)])
def bitwise_not(call: Call, x: Tensor) -> Stored:
    """Inverts bits, which ONNX can since opset 18."""
    if call.opset < 18:
        raise call.unsupported("Export with opset 18 or newer.")
    return call.elementwise("Not" if x.dtype == "bool" else "BitwiseNot", x)


@operation(
    "Isnan", "Isinf", cases=lambda: [case("isnan", X), case("isinf", X), case("isnan", INTEGERS)]
)
def not_a_number(call: Call, x: Tensor) -> Stored:
    """Whether values are NaN, or infinite; integers never are."""
    name = {"Isnan": "IsNaN", "Isinf": "IsInf"}[call.name]
    return call.elementwise(name, call.cast(x, "float32"))
