"""Reading by index: slices, take, one-hot; padding."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.handlers.elementwise import WIDER_TYPES
from export.direct.handlers.layout import expanded, inserted, removed
from export.direct.registry import Result, array, case, decomposition, operation
from export.direct.sizes import Root, Size, bind, other, same
from export.direct.tensor import Stored, Tensor, is_float

X = array(2, 3, 4)
INDICES = array(2, 3, dtype="int32", low=0, high=3)
END_OF_AXIS = np.iinfo(np.int64).max


def sliced(call: Call, x: Tensor, cuts: dict[int, tuple[int | None, int | None, int]]) -> Tensor:
    """Cuts logical axes to (start, stop, step), in one node."""
    cuts = {axis: cut for axis, cut in cuts.items() if cut != (None, None, 1)}
    if not cuts:
        return x
    starts, stops, steps, indices = [], [], [], []
    for axis, (start, stop, step) in cuts.items():
        size = x.shape[axis]
        starts.append((0 if step > 0 else END_OF_AXIS) if start is None else start)
        end = END_OF_AXIS if step > 0 else -END_OF_AXIS
        stops.append(end if stop is None else stop)
        steps.append(step)
        indices.append(x.order.index(axis))
        if any(isinstance(number, Size) for number in (size, start, stop)):
            size = _cut_size(size, start, stop, step)
        elif size is not None:
            size = len(range(*slice(start, stop, step).indices(size)))
        x = Tensor(x.value, (*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype, x.order)
    numbers = [call.sizes(tuple(values)) for values in (starts, stops)]
    numbers += [call.integers(*values) for values in (indices, steps)]
    stored = call.emit_stored("Slice", x, *numbers)
    bind(x.shape, stored.value, x.order)
    return call.wrap(stored, x.shape, x.dtype)


def _cut_size(size: Any, start: Any, stop: Any, step: int) -> Any:
    """The length of a cut of which a number is unknown: unknown too where the traces differ."""
    one, two = (
        len(range(*slice(number(start), number(stop), step).indices(number(size) or 0)))
        for number in (_plain, other)
    )
    if isinstance(size, Size) and (int(size), size.other) == (one, two):
        return size
    return one if one == two else Size.of(one, two, Root())


def _plain(number: Any) -> int | None:
    return None if number is None else int(number)


@operation("GetItem")
def get_item(call: Call, x: Tensor, key: Any) -> Stored:
    """Slices, drops the axes of single indices, inserts new axes."""
    keys = list(key) if isinstance(key, (tuple, list)) else [key]
    consumed = sum(part is not None and part is not Ellipsis for part in keys)
    if Ellipsis not in [part if part is Ellipsis else None for part in keys]:
        keys.append(Ellipsis)
    cuts: dict[int, tuple[int | None, int | None, int]] = {}
    dropped, added = [], []
    axis = place = 0
    for part in keys:
        if part is None:
            added.append(place)
            place += 1
        elif part is Ellipsis:
            axis, place = axis + x.rank - consumed, place + x.rank - consumed
        elif isinstance(part, slice):
            cuts[axis] = (_number(part.start), _number(part.stop), _number(part.step) or 1)
            axis, place = axis + 1, place + 1
        elif isinstance(part, (int, np.integer)):
            cuts[axis] = (int(part), None if part == -1 else int(part) + 1, 1)
            dropped.append(axis)
            axis += 1
        else:
            raise call.unsupported("Index by numbers and slices; keras.ops.take reads by tensors.")
    cut = sliced(call, x, cuts)
    short = removed(call, cut, dropped)
    shape = tuple(size for a, size in enumerate(cut.shape) if a not in dropped)
    return inserted(call, Tensor(short.value, shape, x.dtype, short.order), added)


def _number(value: Any) -> int | None:
    return value if value is None or isinstance(value, Size) else int(value)


@operation("Slice", cases=lambda: [case("slice", X, (0, 1, 1), (2, 2, 3), batched=False)])
def static_slice(call: Call, x: Tensor, start: Any) -> Result:
    """Cuts a block of known place and size."""
    if isinstance(start, Tensor):
        if start.array is None:
            return NotImplemented
        start = start.array
    cuts: dict[int, tuple[int | None, int | None, int]] = {}
    for axis, (begin, size) in enumerate(zip(start, call.operation.shape, strict=True)):
        begin = begin if isinstance(begin, Size) else int(begin)
        whole = begin == 0 and (same(size, x.shape[axis]) or size == -1)
        cuts[axis] = (None, None, 1) if whole else (begin, None if size == -1 else begin + size, 1)
    return call.as_stored(sliced(call, x, cuts))


@operation(
    "Take",
    cases=lambda: [
        case("take", np.arange(12, dtype="float32").reshape(3, 4), INDICES, axis=0),
        case("take", X, np.array([2, 0], "int32"), axis=1),
        case("take", X, np.array([[1, 0], [3, 3]], "int32"), axis=-1),
        case("take", X, 1, axis=1),
        case("take", X, np.array([-1, 0], "int32"), axis=1),
        case("take", X, np.array([5, 0], "int32"), batched=False),
    ],
)
def take(call: Call, x: Any, indices: Any) -> Stored:
    """Gathers along an axis."""
    tensor, indices = call.tensor(x), call.tensor(indices)
    if indices.dtype not in ("int32", "int64"):
        indices = call.cast(indices, "int32")
    axis = call.operation.axis
    if axis is None:
        flat = call.wrap(call.regrouped(tensor, (None,)), (None,), tensor.dtype)
        return call.plain(call.emit("Gather", flat, indices, axis=0))
    axis %= tensor.rank
    if indices.rank != 1:
        return call.plain(call.emit("Gather", tensor, indices, axis=axis))
    return call.emit_stored("Gather", tensor, indices, axis=tensor.order.index(axis))


@operation(
    "TakeAlongAxis",
    cases=lambda: [
        case("take_along_axis", X, array(2, 3, 2, dtype="int32", low=0, high=4), axis=-1),
        case("take_along_axis", X, array(2, 1, 4, dtype="int32", low=0, high=3), axis=1),
    ],
)
def take_along_axis(call: Call, x: Any, indices: Any) -> Result:
    """Gathers element by element; the other axes are broadcast first."""
    tensor, indices = call.tensor(x), call.tensor(indices, "int64")
    axis = call.operation.axis
    if axis is None:
        return NotImplemented
    axis %= tensor.rank
    shape = list(call.shape)
    indices = expanded(call, indices, tuple(shape))
    shape[axis] = tensor.shape[axis]
    tensor = expanded(call, tensor, tuple(shape))
    return call.plain(call.emit("GatherElements", tensor, indices, axis=axis))


@operation(
    "OneHot",
    cases=lambda: [
        case("one_hot", array(4, dtype="int32", low=0, high=5), 5),
        case("one_hot", array(2, 3, dtype="int32", low=-1, high=4), 4),
        case("one_hot", array(2, 3, dtype="int32", low=0, high=4), 4, axis=1),
    ],
)
def one_hot(call: Call, x: Any) -> Stored:
    """Compares with every class: indices outside of them give zeros, as in Keras."""
    if call.operation.sparse:
        raise call.unsupported("Use sparse=False.")
    tensor = call.tensor(x)
    wide = WIDER_TYPES.get(tensor.dtype, tensor.dtype)
    tensor = call.cast(tensor, "int32" if is_float(wide) else wide)
    rank = tensor.rank + 1
    axis = call.operation.axis % rank
    spread = inserted(call, tensor, [axis])
    shape = (*tensor.shape[:axis], 1, *tensor.shape[axis:])
    classes = np.arange(call.operation.num_classes, dtype=tensor.dtype)
    classes = classes.reshape([-1 if a == axis else 1 for a in range(rank)])
    equal = call.elementwise("Equal", call.wrap(spread, shape, tensor.dtype), call.tensor(classes))
    return call.converted(equal, call.dtype)


@decomposition(
    "MultiHot", cases=lambda: [case("multi_hot", array(2, 3, dtype="int32", low=0, high=4), 5)]
)
def multi_hot(operation: Any, x: Any) -> Any:
    """1 where a class occurs, 0 elsewhere."""
    axis = operation.axis if operation.axis == -1 else operation.axis + 1
    dense = ops.one_hot(x, operation.num_classes, axis=axis, dtype=operation.dtype)
    reduced = 1 if len(x.shape) > 1 else 0
    return ops.max(dense, axis=reduced)


@operation(
    "Pad",
    cases=lambda: [
        *(case("pad", X, [(0, 0), (1, 2), (0, 1)], mode=m) for m in ("constant", "reflect")),
        case("pad", X, [(0, 0), (1, 1), (0, 0)], constant_values=2.5),
        case("pad", X, [(0, 0), (0, 0), (2, 1)], mode="symmetric"),
        case("pad", array(2, 3, dtype="int32", low=0, high=9), [(0, 0), (1, 1)]),
    ],
)
def pad(call: Call, x: Tensor, constant_values: Any = None) -> Result:
    """Adds a border of a constant or of the edge, or mirrors the inside."""
    width = [tuple(pair) for pair in call.operation.pad_width]
    width = width * x.rank if len(width) == 1 else width
    mode = call.operation.mode
    if mode == "symmetric":
        # It repeats the edge on PyTorch, and mirrors it on the other backends (docs/upstream.md).
        if keras.backend.backend() != "torch":
            return NotImplemented
        mode = "edge"
    if mode not in ("constant", "reflect", "edge"):
        advice = 'Use mode "constant", "reflect", "symmetric" or "edge".'
        raise call.unsupported(advice, what=f"Pad {mode!r}")
    begins, ends = ([int(width[axis][side]) for axis in x.order] for side in (0, 1))
    fill = None
    if mode == "constant" and constant_values is not None:
        fill = call.tensor(constant_values, x.dtype)
    return call.emit_stored("Pad", x, call.integers(*begins, *ends), fill, mode=mode)


@decomposition("Pad")
def pad_symmetric(operation: Any, x: Any, constant_values: Any = None) -> Any:
    """Mirrors the inside with its edge, axis by axis."""
    widths = [tuple(pair) for pair in operation.pad_width]
    widths = widths * len(x.shape) if len(widths) == 1 else widths
    for axis, (begin, end) in enumerate(widths):
        before = (slice(None),) * axis
        parts = [x]
        if begin:
            parts.insert(0, ops.flip(x[(*before, slice(None, int(begin)))], axis=axis))
        if end:
            parts.append(ops.flip(x[(*before, slice(-int(end), None))], axis=axis))
        x = ops.concatenate(parts, axis=axis) if len(parts) > 1 else x
    return x
