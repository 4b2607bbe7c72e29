"""Sorting and the largest elements."""

from __future__ import annotations

from typing import Any

from keras import ops

from export.direct.call import Call
from export.direct.graph import TYPES
from export.direct.registry import array, case, operation, rewrite
from export.direct.tensor import Stored, Tensor

X = array(2, 3, 4)


@operation(
    "TopK",
    cases=[
        case("top_k", array(3, 6), 2),
        case("top_k", array(2, 3, 5), 5),
        case("top_k", array(3, 4), 1),
    ],
)
def top_k(call: Call, x: Tensor) -> list[Any]:
    """The largest along the last axis, and where they are."""
    values, places = call.emit("TopK", x, call.integers(call.operation.k), outputs=2, axis=-1)
    return [values, call.emit("Cast", places, to=int(TYPES["int32"]))]


@operation(
    "Sort",
    "Argsort",
    cases=[
        case("sort", array(3, 6)),
        case("sort", X, axis=1),
        case("argsort", array(3, 6)),
        case("argsort", X, axis=1),
    ],
)
def sort(call: Call, x: Tensor) -> Any:
    """Smallest first: TopK of everything."""
    axis = call.operation.axis
    if axis is None:
        return NotImplemented
    place = x.order.index(axis % x.rank)
    size = x.shape[axis]
    if size is None:
        raise NotImplementedError("the size of the axis that is sorted")
    settings = {"axis": place, "largest": 0, "outputs": 2}
    values, places = call.emit("TopK", call.graph.operand(x.value), call.integers(size), **settings)
    if type(call.operation).__name__ == "Sort":
        return Stored(values, x.order)
    return Stored(call.emit("Cast", places, to=int(TYPES[call.dtype])), x.order)


@rewrite("Sort", "Argsort", "TakeAlongAxis")
def flattened(operation: Any, x: Any, *rest: Any) -> Any:
    """Along no axis: on the flattened tensor."""
    name = type(operation).__name__
    flat = ops.reshape(x, (-1,))
    if name == "TakeAlongAxis":
        return ops.take_along_axis(flat, ops.reshape(rest[0], (-1,)), axis=0)
    return ops.sort(flat, axis=0) if name == "Sort" else ops.argsort(flat, axis=0)
