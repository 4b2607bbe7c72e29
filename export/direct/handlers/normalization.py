"""Normalization: fused ONNX operators where they exist, formulas elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.registry import Result, array, case, decomposition, layer, operation
from export.direct.tensor import Order, Stored, Tensor, channels_second, normal_axes, plain

X = array(2, 3, 4)
WEIGHT = np.linspace(0.5, 1.5, 4).astype("float32")


@operation(
    "BatchNorm",
    cases=lambda: [
        case("batch_normalization", array(3, 4), WEIGHT - 1, WEIGHT, -1),
        case("batch_normalization", X, WEIGHT - 1, WEIGHT, -1, None, WEIGHT),
        case("batch_normalization", array(2, 3, 3, 4), WEIGHT - 1, WEIGHT, 3, WEIGHT, WEIGHT),
        case("batch_normalization", array(2, 4, 3), WEIGHT - 1, WEIGHT, 1, WEIGHT, WEIGHT),
    ],
)
def batch_norm(
    call: Call, x: Tensor, mean: Any, variance: Any, offset: Any = None, scale: Any = None
) -> Result:
    """One node on channels-second storage, for a pass to fold into the weights before it."""
    axis = call.operation.axis % x.rank
    given = [None if v is None else call.tensor(v).array for v in (mean, variance, offset, scale)]
    if given[0] is None or given[1] is None or axis == 0:
        return NotImplemented
    ones = np.ones_like(given[0])
    shift = 0 * ones if given[2] is None else given[2]
    factor = ones if given[3] is None else given[3]
    if x.rank == 3 and x.order.index(axis) != 1:
        # A sequence is not transposed: multiply and add where it is stored.
        factor = factor / np.sqrt(given[1] + call.operation.epsilon)
        shape = [-1 if a == axis else 1 for a in range(x.rank)]
        factor, shift, given[0] = (v.reshape(shape) for v in (factor, shift, given[0]))
        scaled = call.elementwise("Mul", x, call.tensor(factor.astype("float32")))
        tensor = call.wrap(scaled, x.shape, x.dtype)
        moved = (shift - given[0] * factor).astype("float32")
        return call.elementwise("Add", tensor, call.tensor(moved))
    order = x.order
    if order[0] != 0 or order[1] != axis:
        order = (0, axis, *(a for a in range(1, x.rank) if a != axis))
    parameters = [v.astype("float32") for v in (factor, shift, given[0], given[1])]
    value = call.stored(x, order)
    epsilon = float(call.operation.epsilon)
    return Stored(call.emit("BatchNormalization", value, *parameters, epsilon=epsilon), order)


@layer("BatchNormalization")
def batch_normalization(call: Call, x: Tensor, **_: Any) -> Result:
    """As the operation, of which Keras 3.15 infers no shape with an offset and no scale."""
    settings = call.operation
    weights = (settings.moving_mean, settings.moving_variance, settings.beta, settings.gamma)
    return batch_norm(call, call.cast(x, "float32"), *weights)


@decomposition("BatchNorm")
def batch_norm_formula(
    operation: Any, x: Any, mean: Any, variance: Any, offset: Any = None, scale: Any = None
) -> Any:
    """`(x - mean) / √(variance + ε) · scale + offset`."""
    shape = [1] * len(x.shape)
    shape[operation.axis] = -1
    mean, variance = ops.reshape(mean, shape), ops.reshape(variance, shape)
    y = (x - mean) * ops.rsqrt(variance + operation.epsilon)
    y = y if scale is None else y * ops.reshape(scale, shape)
    return y if offset is None else y + ops.reshape(offset, shape)


def _last(call: Call, x: Tensor, axis: Any, *weights: Any) -> tuple[Order, int, list[Any]] | None:
    """Returns an order of `x` whose last axes are those to normalize, their count, and the weights.

    The fused operators normalize the last axes. Two transpositions cost less than the seven passes
    of the formula, and ONNX Runtime moves both into the convolutions around.
    """
    axes = sorted(normal_axes(axis, x.rank))
    if any(call.is_dynamic(x.shape[a]) for a in axes):
        return None
    order = x.order
    if sorted(order[x.rank - len(axes) :]) != axes:
        order = (*(a for a in range(x.rank) if a not in axes), *axes)
    stored = order[x.rank - len(axes) :]
    shape = tuple(int(x.shape[a] or 0) for a in axes)
    moved: list[Any] = []
    for weight in weights:
        tensor = call.tensor(np.ones(shape, np.float32) if weight is None else weight, "float32")
        if tensor.array is None:
            if order != plain(x.rank):
                return None
            moved.append(tensor)
        else:
            full = tensor.array.reshape(shape)
            moved.append(full.transpose([axes.index(a) for a in stored]))
    return order, len(axes), moved


@operation(
    "LayerNorm",
    cases=lambda: [
        case("layer_normalization", X, WEIGHT, WEIGHT - 1),
        case("layer_normalization", X),
        case("layer_normalization", X, np.ones((3, 4), "float32"), None, axis=(1, 2)),
        case("layer_normalization", array(3, 1), np.ones(1, "float32"), np.ones(1, "float32")),
    ],
)
def layer_norm(call: Call, x: Tensor, gamma: Any = None, beta: Any = None) -> Result:
    """LayerNormalization, with the axes that it normalizes stored last."""
    settings = call.operation
    given = [gamma] if beta is None else [gamma, beta]
    fused = _last(call, x, settings.axis, *given)
    if fused is None or settings.rms_scaling:
        return NotImplemented
    order, count, weights = fused
    epsilon = 1e-7 if settings.epsilon is None else float(settings.epsilon)
    value = call.stored(x, order)
    normalized = call.emit("LayerNormalization", value, *weights, axis=-count, epsilon=epsilon)
    return Stored(normalized, order)


@decomposition("LayerNorm")
def layer_norm_formula(operation: Any, x: Any, gamma: Any = None, beta: Any = None) -> Any:
    """`(x - mean) / √(variance + ε) · γ + β`."""
    axes = normal_axes(operation.axis, len(x.shape))
    shape = [x.shape[axis] if axis in axes else 1 for axis in range(len(x.shape))]
    centred = x - ops.mean(x, axis=axes, keepdims=True)
    variance = ops.mean(centred * centred, axis=axes, keepdims=True)
    epsilon = 1e-7 if operation.epsilon is None else operation.epsilon
    y = (x if operation.rms_scaling else centred) / ops.sqrt(variance + epsilon)
    y = y if gamma is None else y * ops.reshape(gamma, shape)
    return y if beta is None else y + ops.reshape(beta, shape)


@operation(
    "RMSNorm", cases=lambda: [case("rms_normalization", X, WEIGHT), case("rms_normalization", X)]
)
def rms_norm(call: Call, x: Tensor, scale: Any = None) -> Result:
    """RMSNormalization, which ONNX has since opset 23."""
    fused = _last(call, x, call.operation.axis, scale)
    if fused is None or call.opset < 23:
        return NotImplemented
    order, count, weights = fused
    epsilon = 1e-7 if call.operation.epsilon is None else float(call.operation.epsilon)
    value = call.stored(x, order)
    normalized = call.emit("RMSNormalization", value, *weights, axis=-count, epsilon=epsilon)
    return Stored(normalized, order)


@decomposition("RMSNorm")
def rms_norm_formula(operation: Any, x: Any, scale: Any = None) -> Any:
    """`x / √(mean(x²) + ε) · scale` (Zhang & Sennrich, 2019)."""
    axes = tuple(normal_axes(operation.axis, len(x.shape)))
    epsilon = 1e-7 if operation.epsilon is None else operation.epsilon
    y = x / ops.sqrt(ops.mean(x * x, axis=axes, keepdims=True) + epsilon)
    return y if scale is None else y * scale


@layer("GroupNormalization")
def group_normalization(call: Call, x: Tensor) -> Result:
    """GroupNormalization of one scale per channel, which ONNX has since opset 21."""
    settings = call.operation
    axis = settings.axis % x.rank
    if call.opset < 21 or x.rank < 3 or axis not in (1, x.rank - 1):
        return NotImplemented
    order = plain(x.rank) if axis == 1 else channels_second(x.rank)
    channels = x.shape[axis]
    # ONNX defines it by E[x²] − E[x]², and ONNX Runtime computes it so: over a large and nearly
    # constant map, which a size that is unknown allows, the layer's own formula is more exact.
    if any(size is None or call.is_dynamic(size) for size in x.shape[1:]):
        return NotImplemented
    ones = np.ones(channels, np.float32)
    gamma, beta = (
        default if weight is None else call.array(weight)
        for weight, default in ((settings.gamma, ones), (settings.beta, 0 * ones))
    )
    groups = channels if settings.groups == -1 else settings.groups
    operator, attributes = "GroupNormalization", {"num_groups": groups}
    if groups == channels:
        operator, attributes = "InstanceNormalization", {}
    value = call.stored(call.cast(x, "float32"), order)
    if groups == channels:
        value = _less_the_first(call, value, x.rank)
    epsilon = float(settings.epsilon)
    return Stored(call.emit(operator, value, gamma, beta, epsilon=epsilon, **attributes), order)


def _less_the_first(call: Call, value: Any, rank: int) -> Any:
    """`(n, c, …)` less the first number of each channel, which normalization takes away again.

    ONNX Runtime's mean of a large constant map is off, and the difference is divided by √ε: 0.004
    of an output for a map of 256×256 times 0.317. Of zeros the mean is right.
    """
    axes = range(2, rank)
    start, end = call.integers(*(0 for _ in axes)), call.integers(*(1 for _ in axes))
    first = call.emit("Slice", value, start, end, call.integers(*axes))
    return call.emit("Sub", value, first)
