"""Reductions, over stored axes: the axes that are left keep their order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.handlers.elementwise import WIDER_TYPES
from export.direct.registry import Result, array, case, decomposition, operation
from export.direct.tensor import Stored, Tensor, normal_axes, without

X = array(2, 3, 4)
INTEGERS = array(2, 3, 4, dtype="int32", low=-5, high=6)
OPERATORS = {
    "Sum": "ReduceSum", "Mean": "ReduceMean", "Prod": "ReduceProd", "Max": "ReduceMax",
    "Amax": "ReduceMax", "Min": "ReduceMin", "Amin": "ReduceMin", "Logsumexp": "ReduceLogSumExp",
}  # fmt: skip


@operation(
    *OPERATORS,
    cases=lambda: [
        *(
            case(name, X, axis=axis, keepdims=keep)
            for name in ("sum", "mean", "max", "min", "prod", "logsumexp")
            for axis, keep in ((-1, False), ((1, 2), True))
        ),
        case("sum", X),
        case("max", X, axis=-2),
        case("sum", array(2, 0, 3), axis=1),
        case("mean", array(2, 1, 3), axis=1),
        case("sum", INTEGERS, axis=1),
        case("max", INTEGERS, axis=1),
        case("mean", INTEGERS, axis=1),
        case("sum", array(2, 3, dtype="bool"), axis=1),
        case("logsumexp", array(2, 3, low=-90, high=90), axis=-1),
    ],
)
def reduction(call: Call, x: Tensor) -> Result:
    """Emits the operator that the table names, in the dtype of the result."""
    settings = call.operation
    if getattr(settings, "initial", None) is not None:
        return NotImplemented
    axes = normal_axes(settings.axis, x.rank)
    wide = WIDER_TYPES.get(call.dtype, call.dtype)
    operator = OPERATORS[type(settings).__name__]
    result = call.reduce(operator, call.cast(x, wide), axes, keepdims=settings.keepdims)
    return result if wide == call.dtype else call.converted(result, call.dtype)


@decomposition("Max", "Min")
def bounded_extreme(operation: Any, x: Any) -> Any:
    """The extreme of the elements and of `initial`."""
    largest = type(operation).__name__ == "Max"
    reduce, combine = (ops.max, ops.maximum) if largest else (ops.min, ops.minimum)
    return combine(reduce(x, operation.axis, keepdims=operation.keepdims), operation.initial)


@operation(
    "All",
    "Any",
    cases=lambda: [
        *(case(name, array(3, 4, dtype="bool"), axis=-1) for name in ("all", "any")),
        case("any", array(3, 4, dtype="bool"), axis=1, keepdims=True),
    ],
)
def truth(call: Call, x: Tensor) -> Stored:
    """Minimum or maximum of zeros and ones: ONNX reduces no truth values before opset 20."""
    operator = "ReduceMin" if call.name == "All" else "ReduceMax"
    numbers = call.cast(call.cast(x, "bool"), "int32")
    axes = normal_axes(call.operation.axis, x.rank)
    result = call.reduce(operator, numbers, axes, keepdims=call.operation.keepdims)
    return call.converted(result, "bool")


@operation(
    "Argmax",
    "Argmin",
    cases=lambda: [
        *(case(name, X, axis=axis) for name in ("argmax", "argmin") for axis in (1, -1)),
        case("argmax", X, axis=1, keepdims=True),
        case("argmin", array(4), batched=False),
        case("argmax", INTEGERS, axis=-1),
        case("argmax", array(2, 1), axis=1),
    ],
)
def position(call: Call, x: Tensor) -> Result:
    """The first index of an extreme."""
    axis = call.operation.axis
    if axis is None:
        return NotImplemented
    if x.dtype in ("int64", "uint32", "uint64"):
        return NotImplemented  # ONNX Runtime has no kernel
    wide = {"bool": "int32", **WIDER_TYPES}.get(x.dtype, x.dtype)
    operator = {"Argmax": "ArgMax", "Argmin": "ArgMin"}[call.name]
    place = x.order.index(axis % x.rank)
    keepdims = call.operation.keepdims
    source = call.value(call.cast(x, wide))
    found = call.emit(operator, source, axis=place, keepdims=int(keepdims))
    order = x.order if keepdims else without(x.order, [axis % x.rank])
    return call.converted(Stored(found, order), call.dtype)


@decomposition("Argmax", "Argmin", cases=lambda: [case("argmax", array(2, 3), batched=False)])
def flat_position(operation: Any, x: Any) -> Any:
    """The index in the flattened tensor."""
    largest = type(operation).__name__ == "Argmax"
    find = ops.argmax if largest else ops.argmin
    if operation.axis is not None:
        extreme = (ops.max if largest else ops.min)(x, axis=operation.axis, keepdims=True)
        first = ops.cast(ops.equal(x, extreme), "int32")
        return ops.argmax(first, axis=operation.axis, keepdims=operation.keepdims)
    found = find(ops.reshape(x, (-1,)), axis=0)
    return ops.reshape(found, (1,) * len(x.shape)) if operation.keepdims else found


@decomposition(
    "Var",
    "Std",
    cases=lambda: [
        case("var", X, axis=-1),
        case("var", X, axis=(1, 2), keepdims=True),
        case("std", X, axis=1),
        case("var", array(2, 1), axis=1),
    ],
)
def variance(operation: Any, x: Any) -> Any:
    """Mean square distance from the mean, and its root."""
    x = ops.cast(x, "float32")
    centred = x - ops.mean(x, axis=operation.axis, keepdims=True)
    result = ops.mean(centred * centred, axis=operation.axis, keepdims=operation.keepdims)
    return ops.sqrt(result) if type(operation).__name__ == "Std" else result


@decomposition(
    "Moments",
    cases=lambda: [case("moments", X, axes=[1, 2], keepdims=True), case("moments", X, [2])],
)
def moments(operation: Any, x: Any) -> Any:
    """Mean and variance."""
    axes = tuple(operation.axes) if isinstance(operation.axes, (list, tuple)) else operation.axes
    mean = ops.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    result = ops.mean(centred * centred, axis=axes, keepdims=operation.keepdims)
    return (mean if operation.keepdims else ops.squeeze(mean, axes)), result


@decomposition(
    "Average",
    cases=lambda: [
        case("average", X, axis=1),
        case("average", X, axis=2, weights=np.array([1.0, 2.0, 3.0, 4.0], "float32")),
    ],
)
def average(operation: Any, x: Any, weights: Any = None) -> Any:
    """The mean, weighted where weights are given."""
    axis = operation.axis
    if weights is None:
        return ops.mean(x, axis=axis)
    weights = ops.convert_to_tensor(weights)
    if axis is not None and len(weights.shape) == 1:
        shape = [1] * len(x.shape)
        shape[axis] = -1
        weights = ops.reshape(weights, shape)
    total = ops.sum(ops.broadcast_to(weights, x.shape) if axis is None else weights, axis=axis)
    return ops.sum(x * weights, axis=axis) / total


@decomposition("CountNonzero")  # No case: Keras on PyTorch transposes its result.
def count_nonzero(operation: Any, x: Any) -> Any:
    """The number of elements that are not zero."""
    return ops.sum(ops.cast(ops.not_equal(x, 0), "int32"), axis=operation.axis)


@decomposition("Ptp", cases=lambda: [case("ptp", X, axis=1)])
def peak_to_peak(operation: Any, x: Any) -> Any:
    """Largest minus smallest."""
    settings = {"axis": operation.axis, "keepdims": operation.keepdims}
    return ops.max(x, **settings) - ops.min(x, **settings)


@decomposition(
    "Nansum", "Nanmean", cases=lambda: [case("nansum", X, axis=1), case("nanmean", X, axis=1)]
)
def without_nan(operation: Any, x: Any) -> Any:
    """Sum or mean of the elements that are numbers."""
    settings = {"axis": operation.axis, "keepdims": operation.keepdims}
    absent = ops.isnan(x)
    total = ops.sum(ops.where(absent, 0.0, x), **settings)
    if type(operation).__name__ == "Nansum":
        return total
    return total / ops.sum(ops.cast(ops.logical_not(absent), "float32"), **settings)


@decomposition(
    "Norm",
    cases=lambda: [
        case("norm", X, axis=-1),
        case("norm", X, ord=1, axis=1),
        case("norm", X, ord=2, axis=-1, keepdims=True),
        case("norm", X, ord=math.inf, axis=1),
        case("norm", X, ord="fro", axis=(1, 2)),
        case("norm", X, ord=3, axis=1),
    ],
)
def norm(operation: Any, x: Any) -> Any:
    """Vector norms, and the Frobenius norm."""
    axis, order = operation.axis, operation.ord
    keepdims = operation.keepdims
    vector = axis is None and order is None or isinstance(axis, int) or len(axis or ()) == 1
    if order in (None, "fro") or (vector and order == 2):
        return ops.sqrt(ops.sum(x * x, axis=axis, keepdims=keepdims))
    if not vector:
        raise NotImplementedError(f"matrix norm of order {order}")
    sizes = ops.abs(x)
    if order == math.inf:
        return ops.max(sizes, axis=axis, keepdims=keepdims)
    if order == -math.inf:
        return ops.min(sizes, axis=axis, keepdims=keepdims)
    if order == 1:
        return ops.sum(sizes, axis=axis, keepdims=keepdims)
    powers = ops.sum(ops.power(sizes, float(order)), axis=axis, keepdims=keepdims)
    return ops.power(powers, 1.0 / order)


@decomposition(
    "Normalize", cases=lambda: [case("normalize", X), case("normalize", X, axis=1, order=1)]
)
def normalize(operation: Any, x: Any) -> Any:
    """`x`, divided by its norm along an axis."""
    epsilon = 1e-7 if operation.epsilon is None else operation.epsilon
    if operation.order == 2:
        square = ops.sum(x * x, axis=operation.axis, keepdims=True)
        return x * ops.rsqrt(ops.maximum(square, epsilon**2))
    length = ops.norm(x, ord=operation.order, axis=operation.axis, keepdims=True)
    return x / ops.maximum(length, epsilon)
