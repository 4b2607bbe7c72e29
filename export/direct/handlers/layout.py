"""Axes: reshape, transpose, insert, remove, broadcast. A transposition emits no node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.registry import array, case, decomposition, operation
from export.direct.tensor import Shape, Stored, Tensor, normal_axes, plain, without

X = array(2, 3, 4)


@operation(
    "Reshape",
    "Ravel",
    cases=lambda: [
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
    """Regroups the axes; groups that are stored together stay where they are."""
    return call.regrouped(x, call.shape)


def permuted(call: Call, x: Tensor, axes: Sequence[int]) -> Stored:
    """Transposes in Keras's sense: only the order changes."""
    axes = [axis % x.rank for axis in axes]
    return Stored(call.value(x), tuple(axes.index(axis) for axis in x.order))


@operation(
    "Transpose",
    cases=lambda: (
        [case("transpose", X, axes) for axes in ((0, 2, 1), (2, 0, 1))]
        + [case("transpose", array(2, 3))]
    ),
)
def transpose(call: Call, x: Tensor) -> Stored:
    """Permutes the axes; reverses them where no permutation is given."""
    axes = call.operation.axes
    return permuted(call, x, range(x.rank - 1, -1, -1) if axes is None else axes)


@operation("Swapaxes", cases=lambda: [case("swapaxes", X, 1, -1)])
def swapaxes(call: Call, x: Tensor) -> Stored:
    """Exchanges two axes."""
    first, second = call.operation.axis1 % x.rank, call.operation.axis2 % x.rank
    axes = list(range(x.rank))
    axes[first], axes[second] = second, first
    return permuted(call, x, axes)


@operation(
    "Moveaxis", cases=lambda: [case("moveaxis", X, -1, 1), case("moveaxis", X, (1, 2), (2, 1))]
)
def moveaxis(call: Call, x: Tensor) -> Stored:
    """Moves axes to new places; the others close up."""
    sources = normal_axes(call.operation.source, x.rank)
    targets = normal_axes(call.operation.destination, x.rank)
    axes = [axis for axis in range(x.rank) if axis not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        axes.insert(target, source)
    return permuted(call, x, axes)


@operation(
    "ExpandDims",
    cases=lambda: [
        *(case("expand_dims", X, axis) for axis in (1, 3, -1)),
        case("expand_dims", X, (1, -1)),
    ],
)
def expand_dims(call: Call, x: Tensor) -> Stored:
    """Inserts axes of size one, each stored behind the axis before it."""
    return inserted(call, x, normal_axes(call.operation.axis, len(call.shape)))


def inserted(call: Call, x: Tensor, axes: Sequence[int]) -> Stored:
    """Inserts axes of size one at the places they have in the result."""
    order = list(x.order)
    for axis in sorted(axes):
        order = [old + (old >= axis) for old in order]
        order.insert(order.index(axis - 1) + 1 if axis else 0, axis)
    places = sorted(order.index(axis) for axis in axes)
    value = call.value(x)
    if places:
        value = call.emit("Unsqueeze", value, call.integers(*places))
    return Stored(value, tuple(order))


@operation(
    "Squeeze",
    cases=lambda: [case("squeeze", array(2, 1, 3, 1), axis) for axis in (1, -1, (1, 3))],
)
def squeeze(call: Call, x: Tensor) -> Stored:
    """Removes axes of size one."""
    axis = call.operation.axis
    ones = [a for a, size in enumerate(x.shape) if size == 1]
    return removed(call, x, ones if axis is None else normal_axes(axis, x.rank))


def removed(call: Call, x: Tensor, axes: Sequence[int]) -> Stored:
    """Removes axes of size one."""
    places = sorted(x.order.index(axis) for axis in axes)
    value = call.value(x)
    if places:
        value = call.emit("Squeeze", value, call.integers(*places))
    return Stored(value, without(x.order, axes))


@operation(
    "BroadcastTo",
    cases=lambda: [
        case("broadcast_to", array(2, 3, 1), (2, 3, 4), batched=False),
        case("broadcast_to", array(3), (2, 3), batched=False),
    ],
)
def broadcast_to(call: Call, x: Tensor) -> Stored:
    """Expands axes of size one."""
    return call.plain(call.emit("Expand", x, call.sizes(call.shape)))


def expanded(call: Call, x: Tensor, shape: Shape) -> Tensor:
    """Returns a tensor expanded to a shape, itself where it has that shape."""
    if x.shape == shape:
        return x
    value = call.emit("Expand", x, call.sizes(shape))
    return call.wrap(Stored(value, plain(len(shape))), shape, x.dtype)


@operation(
    "Tile",
    cases=lambda: [case("tile", X, (1, 2, 1)), case("tile", X, 2), case("tile", X, (1, 1, 2))],
)
def tile(call: Call, x: Tensor) -> Stored:
    """Repeats the whole along each axis."""
    repeats = call.operation.repeats
    repeats = [repeats] if isinstance(repeats, int) else list(repeats)
    rank = len(call.shape)
    repeats = [1] * (rank - len(repeats)) + repeats
    if x.rank < rank:
        stored = inserted(call, x, range(rank - x.rank))
        x = call.wrap(stored, (1,) * (rank - x.rank) + x.shape, x.dtype)
    if any(map(call.is_dynamic, repeats)):
        return call.plain(call.emit("Tile", x, call.sizes(tuple(repeats))))
    return call.emit_stored("Tile", x, call.integers(*(repeats[axis] for axis in x.order)))


@operation(
    "Flip",
    cases=lambda: [case("flip", X, axis=1), case("flip", X, axis=(1, -1))],
)
def flip(call: Call, x: Tensor) -> Stored:
    """Reverses axes."""
    return reversed_axes(call, x, normal_axes(call.operation.axis, x.rank))


def reversed_axes(call: Call, x: Tensor, axes: Sequence[int]) -> Stored:
    """Reverses axes, by a slice of step -1."""
    places = [x.order.index(axis) for axis in axes]
    count = len(places)
    return call.emit_stored(
        "Slice",
        x,
        call.integers(*[-1] * count),
        call.integers(*[np.iinfo(np.int64).min] * count),
        call.integers(*places),
        call.integers(*[-1] * count),
    )


@decomposition("Fliplr", "Flipud", cases=lambda: [case("fliplr", X)])
def flip_side(operation: Any, x: Any) -> Any:
    """Reversal of the second axis, or of the first."""
    return ops.flip(x, axis=1 if type(operation).__name__ == "Fliplr" else 0)


@decomposition(
    "Rot90", cases=lambda: [case("rot90", array(2, 3), k=k, batched=False) for k in (1, -1)]
)
def rot90(operation: Any, x: Any) -> Any:
    """Quarter turns in the plane of two axes."""
    first, second = operation.axes
    turns = operation.k % 4
    if turns == 2:
        return ops.flip(ops.flip(x, axis=first), axis=second)
    if turns == 1:
        return ops.swapaxes(ops.flip(x, axis=second), first, second)
    return ops.flip(ops.swapaxes(x, first, second), axis=second) if turns else x
