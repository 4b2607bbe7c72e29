"""Pooling, enlarging and resizing, in channels-second storage."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import onnx_ir as ir
from keras import ops

from export.direct.call import Call
from export.direct.handlers.convolution import image_order, per_axis, same_padding
from export.direct.registry import Result, array, case, decomposition, layer, operation
from export.direct.sizes import Size
from export.direct.tensor import Stored, Tensor, channels_second, plain

IMAGE = array(2, 6, 5, 3)


@operation(
    "MaxPool",
    "AveragePool",
    cases=lambda: (
        [
            case(name, IMAGE, (2, 2), strides, padding)
            for name in ("max_pool", "average_pool")
            for strides in ((2, 2), (1, 1), (2, 3))
            for padding in ("valid", "same")
        ]
        + [
            case("max_pool", array(2, 7, 3), (3,), (2,), "same"),
            case("average_pool", array(2, 4, 5, 4, 2), (2, 2, 2), (2, 2, 2), "same"),
            case("average_pool", array(2, 8, 8, 3), (3, 3), (2, 2), "same"),
            case("average_pool", array(2, 7, 8, 3), (3, 4), (2, 1), "same"),
        ]
    ),
)
def pool(call: Call, x: Tensor) -> Stored:
    """Pools; an average leaves the padding out, but see `_with_border`."""
    settings = call.operation
    space = x.rank - 2
    order = image_order(call, x.rank)
    window = per_axis(settings.pool_size, space)
    strides = window if settings.strides is None else per_axis(settings.strides, space)
    sizes = tuple(x.shape[axis] for axis in order[2:])
    padding: dict[str, Any] = {}
    value = call.stored(x, order)
    if settings.padding == "same":
        padding = same_padding(sizes, window, strides, [1] * space)
        if type(settings).__name__ == "AveragePool" and keras.backend.backend() == "torch":
            value, padding = _with_border(call, value, window, strides, padding)
    value = call.emit(
        type(settings).__name__,
        value,
        kernel_shape=window,
        strides=strides,
        **padding,
    )
    return Stored(value, order)


def _with_border(
    call: Call, value: ir.Value, window: list[int], strides: list[int], padding: dict[str, Any]
) -> tuple[ir.Value, dict[str, Any]]:
    """Averages as Keras does on PyTorch: uneven padding repeats the border and counts."""
    if "pads" not in padding:
        # Windows of two that do not overlap average a border's pixel with itself, or alone.
        if all(width <= min(stride, 2) for width, stride in zip(window, strides, strict=True)):
            return value, padding
        raise call.unsupported(
            "On PyTorch its padding depends on the size of the image. Give the size in "
            'keras.Input, use padding="valid", or export from another backend.',
            what='AveragePooling with padding="same" of images of unknown size',
        )
    pads = padding["pads"]
    begins, ends = pads[: len(window)], pads[len(window) :]
    if begins == ends:
        return value, padding
    amounts = np.array([0, 0, *begins, 0, 0, *ends], np.int64)
    return call.emit("Pad", value, amounts, mode="edge"), {}


@decomposition(
    "AdaptiveAveragePool",
    "AdaptiveMaxPool",
    cases=lambda: [
        case("adaptive_average_pool", IMAGE, (3, 5)),
        case("adaptive_average_pool", IMAGE, (2, 2)),
        case("adaptive_max_pool", IMAGE, (4, 2)),
    ],
)
def adaptive_pool(operation: Any, x: Any) -> Any:
    """Pools windows that cover each axis evenly, one axis after the other."""
    rank = len(x.shape)
    data_format = operation.data_format or keras.config.image_data_format()
    first = 2 if data_format == "channels_first" else 1
    counts = per_axis(operation.output_size, rank - 2)
    reduce = ops.max if type(operation).__name__ == "AdaptiveMaxPool" else ops.mean
    for axis, count in enumerate(counts, first):
        size = x.shape[axis]
        if isinstance(size, Size):
            raise NotImplementedError("the size of the axis that is pooled")
        windows = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
        before = (slice(None),) * axis
        parts = [reduce(x[(*before, slice(a, b))], axis=axis, keepdims=True) for a, b in windows]
        x = ops.concatenate(parts, axis=axis)
    return x


@operation(
    "Repeat",
    cases=lambda: [
        case("repeat", IMAGE, 2, axis=1),
        case("repeat", array(2, 3, 4), 3, axis=-1),
        case("repeat", array(2, 3, dtype="int32", low=0, high=9), 2, axis=1),
        case("repeat", array(2, 3), np.array([1, 3, 0]), axis=1),
    ],
)
def repeat(call: Call, x: Tensor) -> Result:
    """Repeats each element along an axis: nearest-neighbour resizing of images and sequences."""
    axis, repeats = call.operation.axis, call.operation.repeats
    if axis is None:
        return NotImplemented
    axis %= x.rank
    if (
        isinstance(repeats, Size)
        or np.ndim(repeats)
        or x.dtype != "float32"
        or x.rank < 3
        or axis == 0
    ):
        return NotImplemented
    first = keras.config.image_data_format() == "channels_first"
    if x.order == plain(x.rank) and not first and axis < x.rank - 1:
        order = channels_second(x.rank)
    else:
        order = x.order
    scales = np.ones(x.rank, np.float32)
    scales[order.index(axis)] = repeats
    return Stored(nearest(call, call.stored(x, order), scales), order)


def nearest(call: Call, value: ir.Value, scales: np.ndarray) -> ir.Value:
    """Enlarges by whole numbers; enlarging along one axis after another is one node."""
    producer = value.producer()
    if producer is not None and producer.meta.get("repeats") is not None:
        scales = scales * producer.meta["repeats"]
        value = producer.inputs[0]
    result = call.emit(
        "Resize",
        value,
        None,
        scales,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    result.producer().meta["repeats"] = scales
    return result


@decomposition("Repeat")
def repeat_by_index(operation: Any, x: Any) -> Any:
    """Repeats by taking the same index several times."""
    axis = operation.axis
    if axis is None:
        x, axis = ops.reshape(x, (-1,)), 0
    size, repeats = x.shape[axis], operation.repeats
    if not np.ndim(repeats) and (isinstance(size, Size) or isinstance(repeats, Size)):
        repeats = repeats if isinstance(repeats, Size) else int(repeats)
        return ops.take(x, ops.arange(size * repeats) // repeats, axis=axis)
    places = np.repeat(np.arange(size), repeats)
    return ops.take(x, places.astype("int32"), axis=axis)


@layer("UpSampling2D")
def enlarge(call: Call, x: Tensor) -> Result:
    """Enlarges images of unknown size linearly; others are resized to a known size."""
    settings = call.operation
    order = image_order(call, x.rank)
    known = not any(call.is_dynamic(x.shape[axis]) for axis in order[2:])
    if settings.interpolation != "bilinear" or known:
        return NotImplemented
    value = call.emit(
        "Resize",
        call.stored(x, order),
        None,
        np.array([1, 1, *settings.size], np.float32),
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
    return Stored(value, order)


@operation(
    "Resize",
    cases=lambda: [
        case("image.resize", IMAGE, (9, 10)),
        case("image.resize", IMAGE, (3, 4)),
        case("image.resize", IMAGE, (12, 10), interpolation="nearest"),
        case("image.resize", IMAGE, (4, 7), interpolation="nearest"),
    ],
)
def resize(call: Call, x: Tensor) -> Stored:
    """Resizes images to a fixed size, by their nearest pixel or linearly."""
    settings = call.operation
    modes = {"nearest": "nearest", "bilinear": "linear"}
    if settings.interpolation not in modes:
        raise call.unsupported(
            'Use interpolation "nearest" or "bilinear": backends differ on others.'
        )
    if settings.antialias or settings.crop_to_aspect_ratio or settings.pad_to_aspect_ratio:
        raise call.unsupported("Use antialias=False, and crop or pad in an operation of its own.")
    if x.rank != 4:
        raise call.unsupported("Pass a batch of images.")
    order = image_order(call, x.rank)
    before, after = (tuple(shape[axis] for axis in order) for shape in (x.shape, call.shape))
    scales: Any = None
    sizes: Any = None
    if any(map(call.is_dynamic, (*before[2:], *after[2:]))):
        sizes = call.sizes(after)
    else:
        # Scales, because sizes would need the batch, which older opsets cannot leave out.
        space = zip(before[2:], after[2:], strict=True)
        scales = np.array([1.0, 1.0, *(_scale(a or 1, b or 1) for a, b in space)], np.float32)
    value = call.emit(
        "Resize",
        call.stored(call.cast(x, "float32"), order),
        None,
        scales,
        sizes,
        mode=modes[settings.interpolation],
        coordinate_transformation_mode="half_pixel",
        nearest_mode="round_prefer_ceil" if settings.interpolation == "nearest" else None,
    )
    return Stored(value, order)


def _scale(before: int, after: int) -> np.float32:
    """Returns the ratio of two sizes, rounded up until ⌊before · ratio⌋ is `after`."""
    ratio = np.float32(after / before)
    while np.floor(before * float(ratio)) < after:
        ratio = np.nextafter(ratio, np.float32(np.inf))
    return ratio
