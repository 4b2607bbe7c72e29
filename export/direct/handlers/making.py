"""Tensors made of numbers: ranges, grids, matrices of a vector."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops

from export.direct.registry import array, case, decomposition

NUMBERS = {"batched": False}


@decomposition("Full", cases=lambda: [case("full", (2, 3), array(), **NUMBERS)])
def full(operation: Any, fill_value: Any) -> Any:
    """One number everywhere."""
    return ops.broadcast_to(ops.cast(fill_value, operation.dtype or "float32"), operation.shape)


@decomposition(
    "Linspace",
    "Logspace",
    "Geomspace",
    cases=lambda: [
        case("linspace", array(2), array(2), num=5, **NUMBERS),
        case("linspace", array(2), 3.0, num=4, endpoint=False, **NUMBERS),
        case("logspace", array(2), array(2), num=4, base=3.0, **NUMBERS),
        case("geomspace", array(2, low=0.5), array(2, low=0.5), num=4, **NUMBERS),
    ],
)
def spaced(operation: Any, start: Any, stop: Any) -> Any:
    """Numbers at even distances; their powers; numbers at even ratios."""
    name = type(operation).__name__
    if getattr(operation, "retstep", False):
        raise NotImplementedError("retstep=False")
    start, stop = (ops.cast(ops.convert_to_tensor(value), "float32") for value in (start, stop))
    if name == "Geomspace":
        start, stop = ops.log(start), ops.log(stop)
    count = operation.num - 1 if operation.endpoint else operation.num
    shares = np.arange(operation.num, dtype="float32") / max(count, 1)
    start, stop = ops.expand_dims(start, -1), ops.expand_dims(stop, -1)
    result = start * (1.0 - shares) + stop * shares
    if name == "Geomspace":
        result = ops.exp(result)
    elif name == "Logspace":
        result = ops.exp(result * math.log(operation.base))
    moved = ops.moveaxis(result, -1, operation.axis)
    return ops.cast(moved, operation.dtype) if operation.dtype else moved


@decomposition(
    "Meshgrid",
    cases=lambda: [
        case("meshgrid", array(2), array(3), indexing=indexing, **NUMBERS)
        for indexing in ("xy", "ij")
    ],
)
def meshgrid(operation: Any, *vectors: Any) -> Any:
    """Coordinates of a grid."""
    vectors = tuple(ops.reshape(ops.convert_to_tensor(v), (-1,)) for v in vectors)
    order = list(range(len(vectors)))
    if operation.indexing == "xy" and len(vectors) > 1:
        order[:2] = [1, 0]
    shape = [vectors[place].shape[0] for place in order]
    return [
        ops.broadcast_to(
            ops.reshape(v, [-1 if order[axis] == place else 1 for axis in range(len(order))]), shape
        )
        for place, v in enumerate(vectors)
    ]


@decomposition(
    "Diag",
    "Diagflat",
    cases=lambda: [
        case("diag", array(3), **NUMBERS),
        case("diag", array(3), k=-1, **NUMBERS),
        case("diag", array(3, 4), k=1, **NUMBERS),
        case("diagflat", array(2, 2), k=1, **NUMBERS),
    ],
)
def diag(operation: Any, x: Any) -> Any:
    """A matrix with a diagonal, or the diagonal of a matrix."""
    if type(operation).__name__ == "Diagflat":
        x = ops.reshape(x, (-1,))
    if len(x.shape) == 2:
        return ops.diagonal(x, offset=operation.k)
    size = x.shape[0] + abs(operation.k)
    before, after = max(operation.k, 0), max(-operation.k, 0)
    column = ops.expand_dims(ops.pad(x, [(after, before)]), 1)
    here = np.eye(size, size, operation.k, dtype="bool")
    return ops.where(here, ops.broadcast_to(column, (size, size)), ops.zeros_like(column))


@decomposition(
    "Vander",
    cases=lambda: [
        case("vander", array(3), **NUMBERS),
        case("vander", array(3), N=2, increasing=True, **NUMBERS),
    ],
)
def vander(operation: Any, x: Any) -> Any:
    """Powers of the elements of a vector."""
    count = x.shape[0] if operation.N is None else operation.N
    powers = [ops.ones_like(x)]
    for _ in range(count - 1):
        powers.append(powers[-1] * x)
    return ops.stack(powers if operation.increasing else powers[::-1], axis=1)


@decomposition("Kron", cases=lambda: [case("kron", array(2, 3), array(3, 2), **NUMBERS)])
def kron(operation: Any, x: Any, y: Any) -> Any:
    """Kronecker's product."""
    rank = max(len(x.shape), len(y.shape))
    x = ops.reshape(x, (*[1] * (rank - len(x.shape)), *x.shape))
    y = ops.reshape(y, (*[1] * (rank - len(y.shape)), *y.shape))
    for axis in range(rank):
        x, y = ops.expand_dims(x, 2 * axis + 1), ops.expand_dims(y, 2 * axis)
    sizes = [a * b for a, b in zip(x.shape[::2], y.shape[1::2], strict=True)]
    return ops.reshape(x * y, sizes)
