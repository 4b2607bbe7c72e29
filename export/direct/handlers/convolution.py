"""Convolutions of one to three dimensions, in channels-second storage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.registry import Result, array, case, decomposition, layer, operation
from export.direct.sizes import Size
from export.direct.tensor import Order, Shape, Stored, Tensor, channels_second, plain


def kernel(*shape: int) -> np.ndarray:
    """Returns a random kernel for a test case."""
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def image_order(call: Call, rank: int) -> Order:
    """Returns the order of batch, channels, space for the data format of an operation."""
    data_format = call.operation.data_format or keras.config.image_data_format()
    return plain(rank) if data_format == "channels_first" else channels_second(rank)


def per_axis(setting: Any, count: int) -> list[int]:
    """Returns one number per spatial axis."""
    return [setting] * count if isinstance(setting, int) else [int(value) for value in setting]


def same_padding(
    space: Shape, window: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> dict[str, Any]:
    """Returns the ONNX attributes of "same": explicit pads, `auto_pad` for an unknown size."""
    begins, ends = [], []
    for size, width, stride, dilation in zip(space, window, strides, dilations, strict=True):
        reach = (width - 1) * dilation
        if stride == 1:
            total = reach
        elif size is None or isinstance(size, Size):
            return {"auto_pad": "SAME_UPPER"}
        else:
            total = max((-(-size // stride) - 1) * stride + reach + 1 - size, 0)
        begins.append(total // 2)
        ends.append(total - total // 2)
    return {"pads": [*begins, *ends]}


def _convolve(call: Call, x: Any, weight: Any, space: int, groups: int) -> Stored:
    """Emits Conv; `weight` is in the ONNX axis order already."""
    settings = call.operation
    source = call.tensor(x, "float32")
    order = image_order(call, source.rank)
    strides = per_axis(settings.strides, space)
    dilations = per_axis(settings.dilation_rate, space)
    window = [int(size) for size in weight.shape[2:]]
    sizes = tuple(source.shape[axis] for axis in order[2:])
    padding: dict[str, Any] = {}
    if settings.padding == "same":
        padding = same_padding(sizes, window, strides, dilations)
    elif settings.padding == "causal":
        padding = {"pads": [(window[0] - 1) * dilations[0], 0]}
    value = call.emit(
        "Conv",
        call.stored(source, order),
        weight if isinstance(weight, np.ndarray) else call.stored(weight, plain(weight.rank)),
        kernel_shape=window,
        strides=strides,
        dilations=dilations,
        group=groups,
        **padding,
    )
    return Stored(value, order)


@operation(
    "Conv",
    cases=lambda: (
        [
            case("conv", array(2, 7, 6, 3), kernel(3, 3, 3, 4), strides=s, padding=p)
            for s in (1, 2, (3, 1))
            for p in ("valid", "same")
        ]
        + [
            case(
                "conv", array(2, 9, 8, 2), kernel(3, 2, 2, 3), padding="same", dilation_rate=(2, 3)
            ),
            case("conv", array(2, 8, 3), kernel(3, 3, 5), strides=2, padding="same"),
            case("conv", array(2, 1, 1, 3), kernel(4, 4, 3, 2), strides=2, padding="same"),
            case("conv", array(2, 4, 5, 4, 2), kernel(3, 2, 2, 2, 3), strides=2, padding="same"),
        ]
    ),
)
def conv(call: Call, x: Any, weight: Any) -> Stored:
    """Convolves; groups follow from the channels of the input and of the kernel."""
    tensor = call.tensor(weight, "float32")
    space = tensor.rank - 2
    order = (space + 1, space, *range(space))
    channels = call.tensor(x).shape[image_order(call, space + 2)[1]]
    groups = (channels or tensor.shape[space] or 1) // (tensor.shape[space] or 1)
    moved = tensor.array
    if moved is not None:
        return _convolve(call, x, moved.transpose(order), space, groups)
    if groups != 1:
        raise call.unsupported("Give a grouped convolution a constant kernel.")
    shape = tuple(tensor.shape[axis] for axis in order)
    ready = call.wrap(call.stored(tensor, order), shape, "float32")
    return _convolve(call, x, ready, space, groups)


@layer("Conv1D", "Conv2D", "Conv3D")
def grouped_conv(call: Call, x: Tensor, **_: Any) -> Result:
    """Convolves in groups; Keras 3.15 infers no shape of the operation with several groups."""
    settings = call.operation
    if settings.groups == 1:
        return NotImplemented
    result = call.wrap(conv(call, x, settings.kernel), call.shape, "float32")
    if settings.use_bias:
        order = image_order(call, x.rank)
        shape = [-1 if axis == order[1] else 1 for axis in range(x.rank)]
        bias = call.tensor(call.array(settings.bias).reshape(shape))
        result = call.wrap(call.elementwise("Add", result, bias), call.shape, "float32")
    return call.as_stored(call.trace(settings.activation, result))


@operation(
    "DepthwiseConv",
    cases=lambda: [
        case("depthwise_conv", array(2, 6, 5, 3), kernel(3, 3, 3, 2), padding="same"),
        case("depthwise_conv", array(2, 7, 7, 3), kernel(3, 3, 3, 1), strides=2),
        case("depthwise_conv", array(2, 7, 3), kernel(3, 3, 2), padding="same"),
    ],
)
def depthwise_conv(call: Call, x: Any, weight: Any) -> Stored:
    """Convolves each channel on its own: a group per channel."""
    constant = call.tensor(weight, "float32").array
    if constant is None:
        raise call.unsupported("Give it a constant kernel.")
    space = constant.ndim - 2
    channels, multiplier = constant.shape[space:]
    moved = constant.transpose(space, space + 1, *range(space))
    return _convolve(
        call, x, moved.reshape(channels * multiplier, 1, *constant.shape[:space]), space, channels
    )


@decomposition(
    "SeparableConv",
    cases=lambda: [
        case(
            "separable_conv",
            array(2, 6, 5, 3),
            kernel(3, 3, 3, 2),
            kernel(1, 1, 6, 4),
            padding="same",
        )
    ],
)
def separable_conv(operation: Any, x: Any, depthwise: Any, pointwise: Any) -> Any:
    """A depthwise convolution and one of size one."""
    settings = {"padding": operation.padding, "data_format": operation.data_format}
    x = ops.depthwise_conv(
        x, depthwise, operation.strides, dilation_rate=operation.dilation_rate, **settings
    )
    return ops.conv(x, pointwise, padding="valid", data_format=operation.data_format)


@operation(
    "ConvTranspose",
    cases=lambda: [
        *(
            case("conv_transpose", array(2, 4, 3, 2), kernel(k, k, 3, 2), strides=s, padding=p)
            for k in (1, 2, 3, 4, 5)
            for s in (1, 2, 3)
            for p in ("valid", "same")
        ),
        case("conv_transpose", array(2, 5, 2), kernel(4, 3, 2), strides=2, padding="same"),
        case("conv_transpose", array(2, 4, 3, 2), kernel(3, 3, 3, 2), 2, "same", output_padding=1),
        case("conv_transpose", array(2, 4, 3, 2), kernel(3, 3, 3, 2), 2, "valid", output_padding=1),
        case("conv_transpose", array(2, 2, 3, 2, 2), kernel(3, 3, 3, 2, 2), 2, "same"),
    ],
)
def conv_transpose(call: Call, x: Any, weight: Any) -> Stored:
    """Transposed convolution, cut to the size of the output in Keras."""
    settings = call.operation
    source = call.tensor(x, "float32")
    tensor = call.tensor(weight, "float32")
    space = source.rank - 2
    strides = per_axis(settings.strides, space)
    dilations = per_axis(settings.dilation_rate, space)
    window = [int(size or 0) for size in tensor.shape[:space]]
    extra = settings.output_padding
    extras = [None] * space if extra is None else per_axis(extra, space)
    begins, ends, added = [], [], []
    for width, stride, dilation, more in zip(window, strides, dilations, extras, strict=True):
        begin, end = _crop((width - 1) * dilation + 1, stride, settings.padding, more)
        begins.append(begin)
        ends.append(max(end, 0))
        added.append(max(-end, 0))
    order = image_order(call, source.rank)
    value = call.emit(
        "ConvTranspose",
        call.stored(source, order),
        call.stored(tensor, (space + 1, space, *range(space))),
        kernel_shape=window,
        strides=strides,
        dilations=dilations,
        pads=[*begins, *ends],
        output_padding=added if any(added) else None,
    )
    return Stored(value, order)


def _crop(width: int, stride: int, padding: str, extra: int | None) -> tuple[int, int]:
    """Returns what is cut off both ends of the full output, `(input - 1) · stride + width` long.

    "valid" keeps all of it and at least one stride; "same" leaves input · stride, the odd one of an
    uneven cut taken from the end. `extra` is Keras's `output_padding`. A negative cut adds zeros.
    """
    if padding == "valid":
        return 0, -(max(width, stride) - width if extra is None else extra)
    total = width - stride if extra is None else width - width % 2 - extra
    begin = max(total // 2, 0)
    return begin, total - begin
