"""Reductions: over stored axes, so that what is left keeps its order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.graph import TYPES
from export.direct.handlers.elementwise import WIDER
from export.direct.registry import array, case, operation, rewrite
from export.direct.tensor import Stored, Tensor, normal_axes

X = array(2, 3, 4)
INTEGERS = array(2, 3, 4, dtype="int32", low=-5, high=6)
OPERATORS = {
    "Sum": "ReduceSum", "Mean": "ReduceMean", "Prod": "ReduceProd", "Max": "ReduceMax",
    "Amax": "ReduceMax", "Min": "ReduceMin", "Amin": "ReduceMin", "Logsumexp": "ReduceLogSumExp",
}  # fmt: skip


@operation(
    *OPERATORS,
    cases=[
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
def reduction(call: Call, x: Tensor) -> Any:
    """Emit the operator that the table names, in the dtype of the result."""
    settings = call.operation
    if getattr(settings, "initial", None) is not None:
        return NotImplemented
    axes = normal_axes(settings.axis, x.rank)
    wide = WIDER.get(call.dtype, call.dtype)
    operator = OPERATORS[type(settings).__name__]
    result = call.reduce(operator, call.cast(x, wide), axes, keepdims=settings.keepdims)
    if wide == call.dtype:
        return result
    return Stored(call.emit("Cast", result.value, to=int(TYPES[call.dtype])), result.order)


@rewrite("Max", "Min")
def bounded_extreme(operation: Any, x: Any) -> Any:
    """The extreme of the elements and of `initial`."""
    largest = type(operation).__name__ == "Max"
    reduce, combine = (ops.max, ops.maximum) if largest else (ops.min, ops.minimum)
    return combine(reduce(x, operation.axis, keepdims=operation.keepdims), operation.initial)


@operation(
    "All",
    "Any",
    cases=[
        *(case(name, array(3, 4, dtype="bool"), axis=-1) for name in ("all", "any")),
        case("any", array(3, 4, dtype="bool"), axis=1, keepdims=True),
    ],
)
def truth(call: Call, x: Tensor) -> Stored:
    """Minimum or maximum of zeros and ones: ONNX reduces no truth values before opset 20."""
    operator = "ReduceMin" if type(call.operation).__name__ == "All" else "ReduceMax"
    numbers = call.cast(call.cast(x, "bool"), "int32")
    axes = normal_axes(call.operation.axis, x.rank)
    result = call.reduce(operator, numbers, axes, keepdims=call.operation.keepdims)
    return Stored(call.emit("Cast", result.value, to=int(TYPES["bool"])), result.order)


@operation(
    "Argmax",
    "Argmin",
    cases=[
        *(case(name, X, axis=axis) for name in ("argmax", "argmin") for axis in (1, -1)),
        case("argmax", X, axis=1, keepdims=True),
        case("argmin", array(4), batched=False),
        case("argmax", INTEGERS, axis=-1),
        case("argmax", array(2, 1), axis=1),
    ],
)
def position(call: Call, x: Tensor) -> Any:
    """The first place of an extreme."""
    axis = call.operation.axis
    if axis is None:
        return NotImplemented
    wide = {"bool": "int32", **WIDER, "int64": "int32"}.get(x.dtype, x.dtype)
    operator = {"Argmax": "ArgMax", "Argmin": "ArgMin"}[type(call.operation).__name__]
    place = x.order.index(axis % x.rank)
    keepdims = call.operation.keepdims
    source = call.graph.operand(call.cast(x, wide).value)
    found = call.emit(operator, source, axis=place, keepdims=int(keepdims))
    value = call.emit("Cast", found, to=int(TYPES[call.dtype]))
    kept = [a for a in x.order if keepdims or a != axis % x.rank]
    return Stored(value, tuple(sorted(kept).index(a) for a in kept))


@rewrite("Argmax", "Argmin", cases=[case("argmax", array(2, 3), batched=False)])
def flat_position(operation: Any, x: Any) -> Any:
    """The place in the flattened tensor."""
    find = ops.argmax if type(operation).__name__ == "Argmax" else ops.argmin
    found = find(ops.reshape(x, (-1,)), axis=0)
    return ops.reshape(found, (1,) * len(x.shape)) if operation.keepdims else found


@rewrite(
    "Var",
    "Std",
    cases=[
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


@rewrite("Moments", cases=[case("moments", X, axes=[1, 2], keepdims=True), case("moments", X, [2])])
def moments(operation: Any, x: Any) -> Any:
    """Mean and variance."""
    axes = tuple(operation.axes) if isinstance(operation.axes, (list, tuple)) else operation.axes
    mean = ops.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    result = ops.mean(centred * centred, axis=axes, keepdims=operation.keepdims)
    return (mean if operation.keepdims else ops.squeeze(mean, axes)), result


@rewrite(
    "Average",
    cases=[
        case("average", X, axis=1),
        case("average", X, axis=2, weights=np.array([1.0, 2.0, 3.0, 4.0], "float32")),
    ],
)
def average(operation: Any, x: Any, weights: Any = None) -> Any:
    """The mean, weighted if asked."""
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


@rewrite("CountNonzero")  # No case: Keras on PyTorch transposes its result.
def count_nonzero(operation: Any, x: Any) -> Any:
    """How many elements are not zero."""
    return ops.sum(ops.cast(ops.not_equal(x, 0), "int32"), axis=operation.axis)


@rewrite("Ptp", cases=[case("ptp", X, axis=1)])
def peak_to_peak(operation: Any, x: Any) -> Any:
    """Largest minus smallest."""
    settings = {"axis": operation.axis, "keepdims": operation.keepdims}
    return ops.max(x, **settings) - ops.min(x, **settings)


@rewrite("Nansum", "Nanmean", cases=[case("nansum", X, axis=1), case("nanmean", X, axis=1)])
def without_nan(operation: Any, x: Any) -> Any:
    """Sum or mean of the elements that are numbers."""
    settings = {"axis": operation.axis, "keepdims": operation.keepdims}
    absent = ops.isnan(x)
    total = ops.sum(ops.where(absent, 0.0, x), **settings)
    if type(operation).__name__ == "Nansum":
        return total
    return total / ops.sum(ops.cast(ops.logical_not(absent), "float32"), **settings)


@rewrite(
    "Norm",
    cases=[
        case("norm", X, axis=-1),
        case("norm", X, ord=1, axis=1),
        case("norm", X, ord=2, axis=-1, keepdims=True),
        case("norm", X, ord=math.inf, axis=1),
        case("norm", X, ord="fro", axis=(1, 2)),
        case("norm", X, ord=3, axis=1),
    ],
)
def norm(operation: Any, x: Any) -> Any:
    """Vector norms, and the matrix norms that are one of the entries."""
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


@rewrite("Normalize", cases=[case("normalize", X), case("normalize", X, axis=1, order=1)])
def normalize(operation: Any, x: Any) -> Any:
    """Divide by the norm along an axis."""
    epsilon = 1e-7 if operation.epsilon is None else operation.epsilon
    if operation.order == 2:
        square = ops.sum(x * x, axis=operation.axis, keepdims=True)
        return x * ops.rsqrt(ops.maximum(square, epsilon**2))
    length = ops.norm(x, ord=operation.order, axis=operation.axis, keepdims=True)
    return x / ops.maximum(length, epsilon)
