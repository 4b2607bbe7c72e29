"""Joining and cutting along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from export.direct.call import Call
from export.direct.registry import array, case, decomposition, operation
from export.direct.tensor import Stored, Tensor, channels_second

X = array(2, 3, 4)


@operation(
    "Concatenate",
    cases=lambda: [
        case("concatenate", [array(2, 3), array(2, 1)], axis=1),
        case("concatenate", [X, array(2, 3, 0), X], axis=-1),
        case("concatenate", [X, array(2, 3, 4, dtype="int32")], axis=1),
    ],
)
def concatenate(call: Call, xs: Sequence[Any]) -> Stored:
    """Joins along an axis, in the order that most of the data is stored in."""
    tensors = [call.tensor(x, call.dtype) for x in xs]
    axis = call.operation.axis % len(call.shape)
    if len(call.shape) == 4 and axis == 3 and keras.config.image_data_format() == "channels_last":
        # Channels of images are joined in the order that convolutions read.
        order = channels_second(4)
        values = [call.stored(tensor, order) for tensor in tensors]
    else:
        values, order = call.broadcast(tensors)
    return Stored(call.emit("Concat", *values, axis=order.index(axis)), order)


@decomposition(
    "Stack",
    "Vstack",
    "Hstack",
    "Dstack",
    "Append",
    cases=lambda: [
        case("stack", [X, X], axis=1),
        case("stack", [X, X], axis=-1),
        case("hstack", [array(2, 3), array(2, 1)]),
        case("append", X, array(2, 1, 4), axis=1),
    ],
)
def stack(operation: Any, *args: Any) -> Any:
    """Joining along a new axis, or along the one that the name says."""
    name = type(operation).__name__
    if name == "Append":
        if operation.axis is None:
            return ops.concatenate([ops.ravel(x) for x in args], axis=0)
        return ops.concatenate(list(args), axis=operation.axis)
    (xs,) = args
    if name == "Stack":
        return ops.concatenate([ops.expand_dims(x, operation.axis) for x in xs], operation.axis)
    axis = {"Vstack": 0, "Hstack": 1, "Dstack": 2}[name]
    return ops.concatenate(list(xs), axis=min(axis, len(xs[0].shape) - 1))


def split_points(sections: Any, size: int) -> list[int]:
    """Returns the sizes of the pieces."""
    if isinstance(sections, int):
        small, larger = divmod(size, sections)
        return [small + 1] * larger + [small] * (sections - larger)
    edges = [0, *(min(edge + size * (edge < 0), size) for edge in sections), size]
    return [stop - start for start, stop in zip(edges, edges[1:], strict=False)]


@operation(
    "Split",
    "ArraySplit",
    cases=lambda: [
        case("split", X, 3, axis=1),
        case("split", X, [1, 3], axis=-1),
        case("array_split", X, 3, axis=2),
        case("split", X, 1, axis=1),
    ],
)
def split(call: Call, x: Tensor) -> list[Stored]:
    """Cuts along an axis, into equal parts or at the given indices."""
    axis = call.operation.axis % x.rank
    size = x.shape[axis]
    if size is None or call.is_dynamic(size):
        raise NotImplementedError("the size of the axis that is split")
    pieces = split_points(call.operation.indices_or_sections, size)
    values = call.emit(
        "Split",
        call.value(x),
        call.integers(*pieces),
        outputs=len(pieces),
        axis=x.order.index(axis),
    )
    return [Stored(value, x.order) for value in (values if len(pieces) > 1 else [values])]


@decomposition("Hsplit", "Vsplit", "Dsplit", cases=lambda: [case("hsplit", X, 3)])
def split_side(operation: Any, x: Any) -> Any:
    """Splitting along the axis that the name says."""
    axis = {"Vsplit": 0, "Hsplit": 1, "Dsplit": 2}[type(operation).__name__]
    return ops.split(x, operation.indices_or_sections, axis=axis)


@decomposition("Unstack", cases=lambda: [case("unstack", X, axis=1)])
def unstack(operation: Any, x: Any) -> Any:
    """Cutting into slices without the axis."""
    axis = operation.axis % len(x.shape)
    pieces = ops.split(x, operation.num or x.shape[axis], axis=axis)
    return [ops.squeeze(piece, axis) for piece in pieces]
