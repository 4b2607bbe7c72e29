"""Running sums and products, differences, rolls and triangles."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.handlers.elementwise import WIDER_TYPES
from export.direct.registry import Result, array, case, decomposition, operation
from export.direct.sizes import Size
from export.direct.tensor import Stored, Tensor

X = array(2, 3, 4)


@operation(
    "Cumsum",
    cases=lambda: [
        case("cumsum", X, axis=1),
        case("cumsum", X, axis=-1),
        case("cumsum", array(2, 3, dtype="int32", low=-4, high=4), axis=1),
        case("cumsum", array(2, 3), batched=False),
    ],
)
def cumsum(call: Call, x: Tensor) -> Result:
    """Running sum along an axis."""
    axis = call.operation.axis
    if axis is None:
        return NotImplemented
    wide = WIDER_TYPES.get(call.dtype, call.dtype)
    place = call.scalar(x.order.index(axis % x.rank), "int64")
    sums = call.emit_stored("CumSum", call.cast(x, wide), place)
    return sums if wide == call.dtype else call.converted(sums, call.dtype)


@decomposition(
    "Cumsum",
    "Cumprod",
    cases=lambda: [case("cumprod", X, axis=1), case("cumprod", array(2, 3), batched=False)],
)
def cumulative(operation: Any, x: Any) -> Any:
    """Running product step by step; both on the flattened tensor where no axis is given."""
    name, axis = type(operation).__name__, operation.axis
    if axis is None:
        x, axis = ops.reshape(x, (-1,)), 0
    if name == "Cumsum":
        return ops.cumsum(x, axis=axis, dtype=operation.dtype)
    if isinstance(x.shape[axis], Size):
        raise NotImplementedError("the size of the axis that is multiplied")
    pieces = ops.split(x, x.shape[axis], axis=axis)
    for index in range(1, len(pieces)):
        pieces[index] = pieces[index - 1] * pieces[index]
    return ops.concatenate(pieces, axis=axis)


@decomposition("Diff", cases=lambda: [case("diff", X, axis=1), case("diff", X, n=2)])
def difference(operation: Any, x: Any) -> Any:
    """Differences of neighbours, `n` times."""
    axis = operation.axis % len(x.shape)
    before = (slice(None),) * axis
    for _ in range(operation.n):
        x = x[(*before, slice(1, None))] - x[(*before, slice(None, -1))]
    return x


@decomposition("Roll", cases=lambda: [case("roll", X, 1, axis=1), case("roll", X, -3, axis=2)])
def roll(operation: Any, x: Any) -> Any:
    """Cyclic shift, by joining two slices."""
    if operation.axis is None:
        return ops.reshape(ops.roll(ops.reshape(x, (-1,)), operation.shift, axis=0), x.shape)
    axes = [operation.axis] if isinstance(operation.axis, int) else list(operation.axis)
    shifts = [operation.shift] if isinstance(operation.shift, int) else list(operation.shift)
    for axis, shift in zip(axes, shifts, strict=True):
        before = (slice(None),) * (axis % len(x.shape))
        size = x.shape[axis]
        cut = -shift if isinstance(size, Size) else -shift % size
        if cut:
            parts = [x[(*before, slice(cut, None))], x[(*before, slice(None, cut))]]
            x = ops.concatenate(parts, axis=axis)
    return x


@operation("Tril", "Triu", cases=lambda: [case("tril", array(2, 3, 3)), case("triu", X, k=1)])
def triangle(call: Call, x: Tensor) -> Stored:
    """Zeros above or below a diagonal."""
    upper = int(call.name == "Triu")
    return call.plain(call.emit("Trilu", x, call.scalar(call.operation.k, "int64"), upper=upper))


@decomposition(
    "Diagonal",
    "Trace",
    cases=lambda: [case("diagonal", array(2, 3, 4), axis1=1, axis2=2), case("trace", X, 1, 1, 2)],
)
def diagonal(operation: Any, x: Any) -> Any:
    """The diagonal of two axes, and its sum."""
    rank = len(x.shape)
    first, second = operation.axis1 % rank, operation.axis2 % rank
    x = ops.moveaxis(x, (first, second), (-2, -1))
    rows, columns = x.shape[-2:]
    if isinstance(rows, Size) or isinstance(columns, Size):
        raise NotImplementedError("the sizes of the axes that have the diagonal")
    places = np.arange(rows * columns).reshape(rows, columns).diagonal(operation.offset)
    flat = ops.reshape(
        x, (*(-1 if size is None else size for size in x.shape[:-2]), rows * columns)
    )
    picked = ops.take(flat, places.astype("int32"), axis=-1)
    return ops.sum(picked, axis=-1) if type(operation).__name__ == "Trace" else picked


@decomposition("Cross", cases=lambda: [case("cross", array(2, 4, 3), array(2, 4, 3))])
def cross(operation: Any, x: Any, y: Any) -> Any:
    """The vector product in three dimensions."""
    x, y = ops.moveaxis(x, operation.axisa, -1), ops.moveaxis(y, operation.axisb, -1)
    if x.shape[-1] != 3 or y.shape[-1] != 3:
        raise NotImplementedError("vectors of three components")
    turned = [
        ops.take(v, np.array(places, "int32"), axis=-1)
        for v, places in ((x, (1, 2, 0)), (y, (2, 0, 1)), (x, (2, 0, 1)), (y, (1, 2, 0)))
    ]
    return ops.moveaxis(turned[0] * turned[1] - turned[2] * turned[3], -1, operation.axisc)


@decomposition("Trapezoid", cases=lambda: [case("trapezoid", X, axis=1, dx=0.5)])
def trapezoid(operation: Any, y: Any) -> Any:
    """The trapezoidal rule."""
    axis = operation.axis % len(y.shape)
    before = (slice(None),) * axis
    steps: Any = operation.dx
    if operation.x is not None:
        shape = [-1 if a == axis else 1 for a in range(len(y.shape))]
        steps = ops.reshape(ops.diff(ops.convert_to_tensor(operation.x)), shape)
    means = 0.5 * (y[(*before, slice(1, None))] + y[(*before, slice(None, -1))])
    return ops.sum(means * steps, axis=axis)


@decomposition(
    "Median", "Nanmedian", cases=lambda: [case("median", X, axis=1), case("median", X, axis=-1)]
)
def median(operation: Any, x: Any) -> Any:
    """The middle of the sorted values, or the mean of the two middle ones."""
    axes = operation.axis
    if axes is None or len(axes) != 1 or type(operation).__name__ == "Nanmedian":
        raise NotImplementedError("one axis, without NaN")
    size = x.shape[axes[0]]
    middle = ops.convert_to_tensor([(size - 1) // 2, size // 2], "int32")
    pair = ops.take(ops.sort(x, axis=axes[0]), middle, axis=axes[0])
    return ops.mean(pair, axis=axes[0], keepdims=operation.keepdims)
