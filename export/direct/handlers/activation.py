"""Activations: one ONNX operator each, in any order that their input is stored in."""

from __future__ import annotations

from typing import Any

from keras import ops

from export.direct.call import Call
from export.direct.registry import Result, array, case, decomposition, layer, operation
from export.direct.tensor import Stored, Tensor

X = array(2, 3, 4)

# Keras class → ONNX operator, and its attributes: numbers, or names of Keras settings.
ACTIVATIONS: dict[str, tuple[str, dict[str, str | float]]] = {
    "Relu": ("Relu", {}),
    "Sigmoid": ("Sigmoid", {}),
    "Softplus": ("Softplus", {}),
    "Softsign": ("Softsign", {}),
    "SoftShrink": ("Shrink", {"lambd": "threshold", "bias": "threshold"}),
    "HardShrink": ("Shrink", {"lambd": "threshold", "bias": 0.0}),
    "LeakyRelu": ("LeakyRelu", {"alpha": "negative_slope"}),
    "HardSigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "HardSilu": ("HardSwish", {}),
    "Elu": ("Elu", {"alpha": "alpha"}),
    "Selu": ("Selu", {}),
    "Celu": ("Celu", {"alpha": "alpha"}),
}


@operation(
    *ACTIVATIONS,
    cases=lambda: [
        *(case(name, X) for name in ("relu", "sigmoid", "softplus", "softsign", "selu")),
        *(case(name, array(3, 5, low=-5, high=5)) for name in ("hard_sigmoid", "hard_silu")),
        case("relu", array(2, 0)),
        case("softplus", array(2, 3, low=-50, high=50)),
        case("leaky_relu", X, negative_slope=0.3),
        case("elu", X, alpha=0.7),
        case("celu", X, alpha=1.3),
        case("soft_shrink", X, threshold=0.4),
        case("hard_shrink", X, threshold=0.4),
    ],
)
def activation(call: Call, x: Tensor) -> Stored:
    """Emits the operator that the table names."""
    operator, attributes = ACTIVATIONS[call.name]
    resolved = {
        name: float(getattr(call.operation, value)) if isinstance(value, str) else value
        for name, value in attributes.items()
    }
    return call.elementwise(operator, call.cast(x, call.dtype), **resolved)


@operation("Silu", cases=lambda: [case("silu", X), case("silu", array(2, 3, low=-50, high=50))])
def silu(call: Call, x: Tensor) -> Stored:
    """`x · sigmoid(x)`."""
    return call.emit_stored("Mul", x, call.emit("Sigmoid", call.value(x)))


@operation("Relu6", cases=lambda: [case("relu6", array(3, 4, low=-9, high=9))])
def relu6(call: Call, x: Tensor) -> Stored:
    """Clips to 0 … 6."""
    return _clipped(call, x, 0.0, 6.0)


@operation("HardTanh", cases=lambda: [case("hard_tanh", X)])
def hard_tanh(call: Call, x: Tensor) -> Stored:
    """Clips to -1 … 1."""
    return _clipped(call, x, -1.0, 1.0)


def _clipped(call: Call, x: Tensor, low: float, high: float) -> Stored:
    return call.emit_stored("Clip", x, call.scalar(low), call.scalar(high))


@operation(
    "Gelu",
    cases=lambda: [case("gelu", X, approximate=approximate) for approximate in (True, False)],
)
def gelu(call: Call, x: Tensor) -> Result:
    """Emits Gelu, which ONNX has since opset 20."""
    if call.opset < 20:
        return NotImplemented
    approximate = "tanh" if call.operation.approximate else "none"
    return call.elementwise("Gelu", x, approximate=approximate)


@decomposition("Gelu")
def gelu_formula(operation: Any, x: Any) -> Any:
    """`x · Φ(x)`, or its approximation by tanh (Hendrycks & Gimpel, 2016)."""
    if operation.approximate:
        return 0.5 * x * (1.0 + ops.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1.0 + ops.erf(x * 0.7071067811865476))


@operation(
    "Softmax",
    "LogSoftmax",
    cases=lambda: [
        *(case("softmax", array(2, 3, 4), axis=axis) for axis in (-1, 1, -2, (1, 2))),
        case("softmax", array(3, 2, low=-90, high=90)),
        case("log_softmax", array(2, 3, 4), axis=1),
        case("log_softmax", array(2, 5, low=-50, high=50)),
    ],
)
def softmax(call: Call, x: Tensor) -> Result:
    """Normalizes along one axis of the stored value."""
    axis = call.operation.axis
    if isinstance(axis, (list, tuple)) and len(axis) == 1:
        (axis,) = axis
    if not isinstance(axis, int):
        return NotImplemented
    return call.emit_stored(call.name, x, axis=x.order.index(axis % x.rank))


@decomposition("Softmax", "LogSoftmax")
def softmax_over_axes(operation: Any, x: Any) -> Any:
    """Softmax over several axes, through their maximum and sum."""
    axis = operation.axis
    shifted = x - ops.max(x, axis=axis, keepdims=True)
    total = ops.sum(ops.exp(shifted), axis=axis, keepdims=True)
    if type(operation).__name__ == "LogSoftmax":
        return shifted - ops.log(total)
    return ops.exp(shifted) / total


@decomposition("ReLU")
def leaky_bounded_relu(operation: Any, x: Any) -> Any:
    """The activation of `keras.layers.ReLU`: slope below `threshold`, bounded by `max_value`."""
    slope, bound, threshold = operation.negative_slope, operation.max_value, operation.threshold
    if threshold == 0:
        y = ops.leaky_relu(x, slope) if slope else ops.relu(x)
    else:
        y = ops.where(x > threshold, x, slope * (x - threshold) if slope else 0.0 * x)
    if bound is None:
        return y
    return ops.minimum(y, float(bound)) if slope else ops.clip(y, 0.0, float(bound))


@decomposition("LogSigmoid", cases=lambda: [case("log_sigmoid", array(2, 3, low=-40, high=40))])
def log_sigmoid(operation: Any, x: Any) -> Any:
    """`-softplus(-x)`."""
    return -ops.softplus(-x)


@decomposition("TanhShrink", cases=lambda: [case("tanh_shrink", X)])
def tanh_shrink(operation: Any, x: Any) -> Any:
    """`x - tanh(x)`."""
    return x - ops.tanh(x)


@decomposition("Squareplus", cases=lambda: [case("squareplus", X, b=3)])
def squareplus(operation: Any, x: Any) -> Any:
    """`(x + √(x² + b)) / 2` (Barron, 2021)."""
    return 0.5 * (x + ops.sqrt(x * x + float(operation.b)))


@decomposition("SparsePlus", cases=lambda: [case("sparse_plus", X)])
def sparse_plus(operation: Any, x: Any) -> Any:
    """0 below -1, `x` above 1, `(x + 1)² / 4` between."""
    inner = ops.clip(x, -1.0, 1.0) + 1.0
    return 0.25 * inner * inner + ops.relu(x - 1.0)


@decomposition("SparseSigmoid", cases=lambda: [case("sparse_sigmoid", X)])
def sparse_sigmoid(operation: Any, x: Any) -> Any:
    """0 below -1, 1 above 1, `(x + 1) / 2` between."""
    return ops.clip(0.5 * x + 0.5, 0.0, 1.0)


@decomposition("Threshold", cases=lambda: [case("threshold", X, 0.5, -3.0)])
def threshold(operation: Any, x: Any) -> Any:
    """`x` above the threshold, the default value elsewhere."""
    return ops.where(x > operation.threshold, x, float(operation.default_value))


@decomposition(
    "Glu", cases=lambda: [case("glu", array(2, 3, 4)), case("glu", array(2, 4, 3), axis=1)]
)
def glu(operation: Any, x: Any) -> Any:
    """The first half, gated by the sigmoid of the second (Dauphin et al., 2017)."""
    value, gate = ops.split(x, 2, axis=operation.axis)
    return value * ops.sigmoid(gate)


@decomposition("Mish")
def mish(operation: Any, x: Any) -> Any:
    """`x · tanh(softplus(x))` (Misra, 2019)."""
    return x * ops.tanh(ops.softplus(x))


@layer("Softmax")
def check_softmax_mask(call: Call, x: Tensor, mask: Any = None) -> Result:
    """Rejects a mask that does not fit, which Keras notices only when the model runs."""
    sizes = zip(mask.shape[::-1], x.shape[::-1], strict=False) if mask is not None else ()
    if all(None in (a, b) or a in (1, b) for a, b in sizes):
        return NotImplemented
    raise call.unsupported(
        f"Its input's mask of shape {mask.shape[1:]} does not fit values of {x.shape[1:]} for each "
        "sample: Keras cannot run it either. Take the softmax of a tensor without that mask."
    )
