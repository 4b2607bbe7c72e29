"""Integers of 64 bits, where Keras infers others than it computes.

Keras's rules of dtypes have no 64-bit integers outside of TensorFlow. PyTorch has them, and what
Keras's operations make of one there is decided by each of them: it is asked, on ones.
"""

from __future__ import annotations

from typing import Any

import keras

from export.direct.inference import retype

INTEGERS = ("int32", "int64")
UNKNOWN = 2
"""In the place of an unknown size."""
# Raised by operations that ones do not fit, such as places beyond the end of a table.
NO_ANSWER = (AttributeError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError)


def as_computed(operation: Any, args: Any, kwargs: Any, outputs: Any) -> Any:
    """The inferred outputs of an operation, with as many bits as its results have.

    Args:
        operation: An operation of `keras.ops`; layers are made of them.
        args: Its positional arguments, symbolic tensors among them.
        kwargs: Its keyword arguments.
        outputs: What Keras infers, changed in place.
    """
    inferred = [x for x in keras.tree.flatten(outputs) if isinstance(x, keras.KerasTensor)]
    given = keras.tree.flatten((args, kwargs))
    if keras.config.backend() != "torch" or isinstance(operation, keras.Layer):
        return outputs
    if not any(isinstance(x, keras.KerasTensor) and x.dtype == "int64" for x in given):
        return outputs
    if not any(x.dtype in INTEGERS for x in inferred):
        return outputs
    ones, named = keras.tree.map_structure(_ones, (args, kwargs))
    try:
        made = keras.tree.flatten(operation.call(*ones, **named))
    except NO_ANSWER:
        return outputs
    for symbol, tensor in zip(inferred, made, strict=True):
        computed = keras.backend.standardize_dtype(tensor.dtype)
        if symbol.dtype in INTEGERS and computed in INTEGERS:
            retype(symbol, computed)
    return outputs


def _ones(value: Any) -> Any:
    if not isinstance(value, keras.KerasTensor):
        return value
    return keras.ops.ones([UNKNOWN if s is None else int(s) for s in value.shape], value.dtype)
