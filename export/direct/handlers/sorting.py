"""Sorting and the largest elements."""

from __future__ import annotations

from typing import Any

from keras import ops

from export.direct.call import Call
from export.direct.registry import Result, array, case, decomposition, operation
from export.direct.tensor import Stored, Tensor, plain

X = array(2, 3, 4)
# Types without a kernel of TopK in ONNX Runtime → the wider ones that are sorted instead.
TOP_K_TYPES = {
    "uint32": "int64",
    **dict.fromkeys(("bool", "int8", "uint8", "int16", "uint16"), "int32"),
}


@operation(
    "TopK",
    cases=lambda: [
        case("top_k", array(3, 6), 2),
        case("top_k", array(2, 3, 5), 5),
        case("top_k", array(3, 4), 1),
    ],
)
def top_k(call: Call, x: Tensor) -> list[Stored]:
    """The largest along the last axis, and their indices."""
    wide = TOP_K_TYPES.get(x.dtype, x.dtype)
    source = call.cast(x, wide)
    values, indices = call.emit("TopK", source, call.size(call.operation.k), outputs=2, axis=-1)
    order = plain(x.rank)
    found = Stored(values, order)
    if wide != x.dtype:
        found = call.converted(found, x.dtype)
    return [found, call.converted(Stored(indices, order), "int32")]


@operation(
    "Sort",
    "Argsort",
    cases=lambda: [
        case("sort", array(3, 6)),
        case("sort", X, axis=1),
        case("argsort", array(3, 6)),
        case("argsort", X, axis=1),
    ],
)
def sort(call: Call, x: Tensor) -> Result:
    """Smallest first: TopK of all elements."""
    axis = call.operation.axis
    if axis is None:
        return NotImplemented
    place = x.order.index(axis % x.rank)
    size = x.shape[axis]
    settings = {"axis": place, "largest": 0, "outputs": 2}
    wide = TOP_K_TYPES.get(x.dtype, x.dtype)
    source = call.value(call.cast(x, wide))
    values, indices = call.emit("TopK", source, call.size(size), **settings)
    if call.name == "Sort":
        found = Stored(values, x.order)
        return found if wide == x.dtype else call.converted(found, x.dtype)
    return call.converted(Stored(indices, x.order), call.dtype)


@decomposition("Sort", "Argsort", "TakeAlongAxis")
def flattened(operation: Any, x: Any, *rest: Any) -> Any:
    """On the flattened tensor, where no axis is given."""
    name = type(operation).__name__
    flat = ops.reshape(x, (-1,))
    if name == "TakeAlongAxis":
        return ops.take_along_axis(flat, ops.reshape(rest[0], (-1,)), axis=0)
    return ops.sort(flat, axis=0) if name == "Sort" else ops.argsort(flat, axis=0)
