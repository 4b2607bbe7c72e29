"""Writing by index: updates of slices and of single elements, segments, searches."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.registry import Result, array, case, decomposition, operation
from export.direct.sizes import Size
from export.direct.tensor import Stored, Tensor

X = array(2, 3, 4)
REDUCTIONS = {None: "none", "add": "add", "mul": "mul", "max": "max", "min": "min"}


@decomposition(
    "SliceUpdate",
    cases=lambda: [
        case("slice_update", array(3, 4), (1, 0), array(2, 3), batched=False),
        case("slice_update", array(3, 4), np.array([0, 1], "int32"), array(3, 3), batched=False),
        case(
            "slice_update",
            array(3, 4),
            array(2, dtype="int32", low=0, high=2),
            array(2, 3),
            batched=False,
        ),
    ],
)
def slice_update(operation: Any, x: Any, start: Any, updates: Any) -> Any:
    """Every axis reads its index from the update where the slice is, from the input elsewhere.

    A start that leaves no room is moved back, as in Keras on JAX.
    """
    rank = len(x.shape)
    inside = None
    spread = updates
    for axis in range(rank):
        size, length = x.shape[axis], updates.shape[axis]
        first = start[axis]
        if isinstance(first, (int, np.integer)) and first == 0 and _same(size, length):
            continue
        places = ops.arange(size) - ops.clip(ops.cast(first, "int32"), 0, size - length)
        within = ops.logical_and(places >= 0, places < length)
        spread = ops.take(spread, ops.clip(places, 0, length - 1), axis=axis)
        shape = [-1 if a == axis else 1 for a in range(rank)]
        within = ops.reshape(within, shape)
        inside = within if inside is None else ops.logical_and(inside, within)
    return updates if inside is None else ops.where(inside, spread, x)


def _same(one: Any, two: Any) -> bool:
    return isinstance(one, Size) == isinstance(two, Size) and bool(one == two)


@operation(
    "ScatterUpdate",
    cases=lambda: [
        case(
            "scatter_update",
            array(3, 4),
            np.array([[0, 1], [2, 3]], "int32"),
            array(2),
            reduction=reduction,
            batched=False,
        )
        for reduction in REDUCTIONS
    ],
)
def scatter_update(call: Call, x: Any, indices: Any, updates: Any) -> Result:
    """ScatterND."""
    reduction = REDUCTIONS[getattr(call.operation, "reduction", None)]
    if reduction in ("max", "min") and call.opset < 18:
        raise call.unsupported("Export with opset 18 or newer.")
    values = [call.tensor(x), call.tensor(indices, "int64"), call.tensor(updates, call.dtype)]
    return call.plain(call.emit("ScatterND", *values, reduction=reduction))


@decomposition(
    "Scatter",
    cases=lambda: [
        case("scatter", np.array([[0], [2], [0]], "int32"), array(3, 2), (4, 2), batched=False)
    ],
)
def scatter(operation: Any, indices: Any, values: Any) -> Any:
    """Zeros, with values added at indices."""
    zeros = ops.broadcast_to(ops.zeros_like(ops.take(values, 0)), operation.shape)
    return ops.scatter_update(zeros, indices, values, reduction="add")


@decomposition(
    "SearchSorted",
    cases=lambda: [
        case("searchsorted", np.array([-1.0, 0.0, 0.5], "float32"), array(3), side=side)
        for side in ("left", "right")
    ],
)
def search_sorted(operation: Any, sequence: Any, values: Any) -> Any:
    """The number of elements below a value, or not above it; NaN is above all."""
    each = ops.expand_dims(values, -1)
    sequence = ops.convert_to_tensor(sequence)
    compare = ops.less if operation.side == "left" else ops.less_equal
    before = compare(sequence, each)
    if "float" in str(values.dtype):
        before = ops.logical_or(before, ops.isnan(each))
    return ops.sum(ops.cast(before, "int32"), axis=-1)


@decomposition(
    "IsIn", cases=lambda: [case("isin", array(2, 3, dtype="int32"), np.array([0, 1], "int32"))]
)
def is_in(operation: Any, x: Any, elements: Any) -> Any:
    """Whether each element is among others."""
    others = ops.reshape(ops.convert_to_tensor(elements), (-1,))
    found = ops.any(ops.equal(ops.expand_dims(x, -1), others), axis=-1)
    return ops.logical_not(found) if operation.invert else found


@decomposition(
    "UnravelIndex",
    cases=lambda: [
        case("unravel_index", array(5, dtype="int32", low=0, high=11), (3, 4), batched=False)
    ],
)
def unravel_index(operation: Any, indices: Any) -> Any:
    """The coordinates of flat indices, the last axis running fastest."""
    found: list[Any] = []
    for size in operation.shape[::-1]:
        found.insert(0, ops.mod(indices, size))
        indices = ops.floor_divide(indices, size)
    return found


@decomposition(
    "SegmentMax",
    "SegmentMin",
    "SegmentProd",
    "SegmentReduction",
    cases=lambda: [
        case(name, array(4, 3), np.array([0, 1, 0, 1], "int32"), num_segments=2, batched=False)
        for name in ("segment_max", "segment_min")
    ],
)
def segment_reduction(operation: Any, data: Any, segment_ids: Any) -> Any:
    """The extreme or the product of the rows of each segment."""
    if operation.num_segments is None:
        raise NotImplementedError("num_segments")
    name = type(operation).__name__
    reduce, neutral = {
        "SegmentMax": (ops.max, -np.inf),
        "SegmentMin": (ops.min, np.inf),
        "SegmentProd": (ops.prod, 1.0),
    }[name]
    chosen = ops.one_hot(segment_ids, operation.num_segments, dtype="bool")
    rank = len(data.shape)
    chosen = ops.reshape(chosen, (*chosen.shape, *[1] * (rank - 1)))
    spread = ops.where(chosen, ops.expand_dims(data, 1), neutral)
    return ops.cast(reduce(spread, axis=0), data.dtype)


@decomposition("Argpartition")  # No case: the order within the parts is each backend's own.
def argpartition(operation: Any, x: Any) -> Any:
    """Indices in sorted order, which is one of the orders that partition."""
    if operation.axis is None:
        x = ops.reshape(x, (-1,))
    return ops.argsort(x, axis=-1 if operation.axis is None else operation.axis)


@operation("Size", cases=lambda: [case("size", X)])
def element_count(call: Call, x: Tensor) -> Stored:
    """How many elements a tensor has."""
    count = call.emit("Size", call.value(x))
    return Stored(call.emit("Cast", count, to=6), ())
