"""Axes: reshape, transpose, insert, remove, broadcast. Transposing emits nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.registry import array, case, operation, rewrite
from export.direct.tensor import Stored, Tensor, normal_axes, without

X = array(2, 3, 4)


@operation(
    "Reshape",
    "Ravel",
    cases=[
        case("reshape", X, (-1, 12)),
        case("reshape", X, (-1, 2, 6)),
        case("reshape", X, (-1, 3, 2, 2)),
        case("reshape", X, (-1, 4)),
        case("reshape", array(2, 1, 5, 1), (-1, 5)),
        case("reshape", array(2, 0, 3), (2, 3, 0), batched=False),
        case("ravel", X),
    ],
)
def reshape(call: Call, x: Tensor) -> Stored:
    """Regroup the axes; groups that are stored together stay where they are."""
    return call.graph.regroup(x, call.shape)


def permuted(call: Call, x: Tensor, axes: Sequence[int]) -> Stored:
    """Transpose in Keras's sense: only the order changes."""
    axes = [axis % x.rank for axis in axes]
    return Stored(call.graph.operand(x.value), tuple(axes.index(axis) for axis in x.order))


@operation(
    "Transpose",
    cases=[case("transpose", X, axes) for axes in ((0, 2, 1), (2, 0, 1))]
    + [case("transpose", array(2, 3))],
)
def transpose(call: Call, x: Tensor) -> Stored:
    """Permute the axes; reverse them unless told how."""
    axes = call.operation.axes
    return permuted(call, x, range(x.rank - 1, -1, -1) if axes is None else axes)


@operation("Swapaxes", cases=[case("swapaxes", X, 1, -1)])
def swapaxes(call: Call, x: Tensor) -> Stored:
    """Exchange two axes."""
    first, second = call.operation.axis1 % x.rank, call.operation.axis2 % x.rank
    axes = list(range(x.rank))
    axes[first], axes[second] = second, first
    return permuted(call, x, axes)


@operation("Moveaxis", cases=[case("moveaxis", X, -1, 1), case("moveaxis", X, (1, 2), (2, 1))])
def moveaxis(call: Call, x: Tensor) -> Stored:
    """Move axes to new places, the others closing up."""
    sources = normal_axes(call.operation.source, x.rank)
    targets = normal_axes(call.operation.destination, x.rank)
    axes = [axis for axis in range(x.rank) if axis not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        axes.insert(target, source)
    return permuted(call, x, axes)


@operation(
    "ExpandDims",
    cases=[*(case("expand_dims", X, axis) for axis in (1, 3, -1)), case("expand_dims", X, (1, -1))],
)
def expand_dims(call: Call, x: Tensor) -> Stored:
    """Insert axes of size one, each stored behind the axis before it."""
    return inserted(call, x, normal_axes(call.operation.axis, len(call.shape)))


def inserted(call: Call, x: Tensor, axes: Sequence[int]) -> Stored:
    """Insert axes of size one at the places they have in the result."""
    order = list(x.order)
    for axis in sorted(axes):
        order = [old + (old >= axis) for old in order]
        order.insert(order.index(axis - 1) + 1 if axis else 0, axis)
    places = sorted(order.index(axis) for axis in axes)
    value = call.graph.operand(x.value)
    if places:
        value = call.emit("Unsqueeze", value, call.integers(*places))
    return Stored(value, tuple(order))


@operation(
    "Squeeze",
    cases=[case("squeeze", array(2, 1, 3, 1), axis) for axis in (1, -1, (1, 3))],
)
def squeeze(call: Call, x: Tensor) -> Stored:
    """Remove axes of size one."""
    axis = call.operation.axis
    ones = [a for a, size in enumerate(x.shape) if size == 1]
    return removed(call, x, ones if axis is None else normal_axes(axis, x.rank))


def removed(call: Call, x: Tensor, axes: Sequence[int]) -> Stored:
    """Remove axes of size one."""
    places = sorted(x.order.index(axis) for axis in axes)
    value = call.graph.operand(x.value)
    if places:
        value = call.emit("Squeeze", value, call.integers(*places))
    return Stored(value, without(x.order, axes))


@operation(
    "BroadcastTo",
    cases=[
        case("broadcast_to", array(2, 3, 1), (2, 3, 4), batched=False),
        case("broadcast_to", array(3), (2, 3), batched=False),
    ],
)
def broadcast_to(call: Call, x: Tensor) -> Any:
    """Expand axes of size one."""
    return call.emit("Expand", x, call.graph.sizes(call.shape))


@operation(
    "Tile", cases=[case("tile", X, (1, 2, 1)), case("tile", X, 2), case("tile", X, (1, 1, 2))]
)
def tile(call: Call, x: Tensor) -> Any:
    """Repeat the whole along each axis."""
    repeats = call.operation.repeats
    repeats = [repeats] if isinstance(repeats, int) else list(repeats)
    rank = len(call.shape)
    repeats = [1] * (rank - len(repeats)) + repeats
    if x.rank < rank:
        stored = inserted(call, x, range(rank - x.rank))
        x = call.wrap(stored, (1,) * (rank - x.rank) + x.shape, x.dtype)
    if all(count % call.graph.batch for count in repeats):
        counts: Any = call.integers(*(repeats[axis] for axis in x.order))
        return Stored(call.emit("Tile", call.graph.operand(x.value), counts), x.order)
    return call.emit("Tile", x, call.graph.sizes(tuple(repeats)))


@operation(
    "Flip",
    cases=[case("flip", X, axis=1), case("flip", X, axis=(1, -1))],
)
def flip(call: Call, x: Tensor) -> Stored:
    """Reverse axes, by a slice of step -1."""
    places = [x.order.index(axis) for axis in normal_axes(call.operation.axis, x.rank)]
    count = len(places)
    value = call.emit(
        "Slice",
        call.graph.operand(x.value),
        call.integers(*[-1] * count),
        call.integers(*[np.iinfo(np.int64).min] * count),
        call.integers(*places),
        call.integers(*[-1] * count),
    )
    return Stored(value, x.order)


@rewrite("Fliplr", "Flipud", cases=[case("fliplr", X)])
def flip_side(operation: Any, x: Any) -> Any:
    """Flip the second axis, or the first."""
    return ops.flip(x, axis=1 if type(operation).__name__ == "Fliplr" else 0)


@rewrite("Rot90", cases=[case("rot90", array(2, 3), k=k, batched=False) for k in (1, -1)])
def rot90(operation: Any, x: Any) -> Any:
    """Quarter turns in the plane of two axes."""
    first, second = operation.axes
    turns = operation.k % 4
    if turns == 2:
        return ops.flip(ops.flip(x, axis=first), axis=second)
    if turns == 1:
        return ops.swapaxes(ops.flip(x, axis=second), first, second)
    return ops.flip(ops.swapaxes(x, first, second), axis=second) if turns else x
