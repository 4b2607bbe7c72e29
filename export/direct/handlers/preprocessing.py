"""Layers that prepare data: categories become vectors, numbers become categories."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.registry import layer
from export.direct.tensor import Tensor


@layer("IntegerLookup", "StringLookup", "Hashing", "HashedCrossing", "TextVectorization")
def table_lookup(call: Call, *_: Any, **__: Any) -> Any:
    """Refused: these layers run in TensorFlow on every backend, outside of the graph."""
    raise call.refuse(
        "It looks values up outside of the graph. Apply it to the data, and build the model to "
        'export from the integers on: keras.Input(shape, dtype="int32").'
    )


@layer("Discretization")
def discretization(call: Call, x: Tensor) -> Tensor:
    """The number of the bin that a value falls into, encoded."""
    bounds = np.asarray(call.operation.bin_boundaries, np.float32)
    return _encoded(call, lambda x: ops.digitize(x, bounds), x, len(bounds) + 1)


@layer("CategoryEncoding")
def category_encoding(call: Call, x: Tensor, count_weights: Any = None) -> Tensor:
    """Integers as vectors: one for each, or one for all of a sample."""
    if count_weights is not None:
        raise call.refuse("Leave count_weights out, and weigh ops.one_hot(x, num_tokens) instead.")
    return _encoded(call, lambda x: ops.cast(x, "int32"), x, call.operation.num_tokens)


def _encoded(call: Call, integers: Any, x: Tensor, depth: int) -> Tensor:
    settings = call.operation
    mode = settings.output_mode
    if settings.sparse:
        raise call.refuse("Build it with sparse=False.")
    if mode in ("multi_hot", "count") and x.rank < 2:
        raise call.refuse("Give it a second axis, the values of a sample: keras.Input((1,)).")

    def encode(x: Any) -> Any:
        x = integers(x)
        if mode == "int":
            return x
        if mode == "multi_hot":
            return ops.multi_hot(x, depth)
        if mode == "count":
            return ops.sum(ops.one_hot(x, depth), axis=1)
        if len(x.shape) > 1 and x.shape[-1] == 1:
            x = ops.squeeze(x, -1)
        return ops.one_hot(x, depth)

    return call.cast(call.walker.trace(encode, (x,), {}, shown=type(settings).__name__), call.dtype)
