"""Scaled dot-product attention, heads in the second stored axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from export.direct.call import Call
from export.direct.registry import array, case, operation
from export.direct.tensor import Stored, Tensor

Q, K = array(2, 3, 4, 8), array(2, 5, 4, 8)
# The value of masked logits: finite, so that a row that is masked as a whole is not NaN.
MASKED_LOGIT = -3.0e38


@operation(
    "DotProductAttention",
    cases=lambda: [
        case("dot_product_attention", Q, K, K),
        case("dot_product_attention", K, K, K, is_causal=True),
        case("dot_product_attention", Q, K, K, mask=array(2, 4, 3, 5, dtype="bool")),
        case("dot_product_attention", Q, K, K, bias=array(2, 4, 3, 5), scale=0.3),
        case("dot_product_attention", Q, array(2, 5, 2, 8), array(2, 5, 2, 8)),
    ],
)
def attention(
    call: Call,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Any = None,
    mask: Any = None,
    scale: Any = None,
) -> Stored:
    """`softmax(q kᵀ · scale + bias) v`, of tensors of shape `(batch, time, heads, depth)`."""
    heads, depth = query.shape[2:]
    if getattr(call.operation, "attn_logits_soft_cap", None) is not None:
        raise call.unsupported("Leave out attn_logits_soft_cap.")
    factor = call.tensor(1 / math.sqrt(depth or 1) if scale is None else scale, "float32")
    # The scale goes to the query, which is smaller than the logits.
    scaled = call.emit("Mul", call.stored(query, (0, 2, 1, 3)), factor)
    groups = (heads or 1) // (key.shape[2] or 1)
    keys, values = (_repeated(call, tensor, groups) for tensor in (key, value))
    logits = call.emit("MatMul", scaled, call.stored(keys, (0, 2, 3, 1)))
    if bias is not None:
        logits = call.emit("Add", logits, call.tensor(bias, "float32"))
    if call.operation.is_causal:
        logits = call.emit("Where", _causal(call, query, key), logits, call.scalar(MASKED_LOGIT))
    if mask is not None:
        logits = call.emit("Where", call.tensor(mask, "bool"), logits, call.scalar(MASKED_LOGIT))
    weights = call.emit("Softmax", logits, axis=-1)
    return Stored(call.emit("MatMul", weights, call.stored(values, (0, 2, 1, 3))), (0, 2, 1, 3))


def _repeated(call: Call, tensor: Tensor, groups: int) -> Tensor:
    """Repeats the heads of keys and values that several queries share."""
    if groups == 1:
        return tensor
    places = np.repeat(np.arange(tensor.shape[2] or 0), groups)
    shape = (*tensor.shape[:2], places.size, tensor.shape[3])
    repeated = call.emit_stored("Gather", tensor, places, axis=tensor.order.index(2))
    return call.wrap(repeated, shape, tensor.dtype)


def _causal(call: Call, query: Tensor, key: Tensor) -> Any:
    """True where a query may attend: at its own time and before."""
    rows, columns = query.shape[1], key.shape[1]
    if not call.is_dynamic(rows) and not call.is_dynamic(columns):
        return np.tril(np.ones((rows or 0, columns or 0), bool))
    places = []
    for tensor, axis in ((query, 1), (key, 0)):
        start = tensor.order.index(1)
        length = call.emit("Shape", call.value(tensor), start=start, end=start + 1)
        count = call.emit("Squeeze", length, call.integers(0))
        numbers = call.emit("Range", call.scalar(0, "int64"), count, call.scalar(1, "int64"))
        places.append(call.emit("Unsqueeze", numbers, call.integers(axis)))
    return call.emit("GreaterOrEqual", *places)
