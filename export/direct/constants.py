"""Arrays, variables and numbers as constant tensors of the graph under construction."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from export.direct.graph import Graph
from export.direct.sizes import Size
from export.direct.tensor import Tensor, constant, plain
from export.errors import ExportError, UnsupportedOperation

VARYING = "a constant that differs from sample to sample of the batch"


def lift(graph: Graph, value: Any) -> Any:
    """Returns a constant tensor for an array, a variable or a number; None and tensors as given.

    Raises:
        ExportError: A weight is not finite.
        UnsupportedOperation: An array made with the batch differs from sample to sample.
    """
    if value is None or isinstance(value, Tensor):
        return value
    if isinstance(value, Size):
        return scalar_size(graph, value)
    array = np.asarray(keras.ops.convert_to_numpy(value))
    if array.dtype.name == "float64":
        array = array.astype(np.float32)
    if isinstance(value, keras.Variable):
        _check_finite(value, array)
        return constant(array)
    return _with_batch(graph, constant(array))


def lift_arrays(graph: Graph, value: Any) -> Any:
    """Returns arrays and variables as constant tensors, everything else as given."""
    if isinstance(value, (keras.Variable, np.ndarray)) or keras.ops.is_tensor(value):
        return lift(graph, value)
    return value


def _check_finite(variable: keras.Variable, array: np.ndarray) -> None:
    if not np.all(np.isfinite(array.astype("float32"))):
        raise ExportError(
            f"Weights must be finite. Received: NaN or infinity in {variable.path!r}. "
            "Accepted: a model trained without divergence."
        )


def _with_batch(graph: Graph, tensor: Tensor) -> Tensor:
    """Replaces unknown sizes in a constant made with their traces, as by `np.zeros((batch, 3))`.

    A constant that only happens to have such a size is found by the second trace.
    """
    axes = [axis for axis, size in enumerate(tensor.shape) if size in graph.unknown]
    if not axes:
        return tensor
    shape = tuple(graph.unknown[n] if n in graph.unknown else n for n in tensor.value.shape)
    array = tensor.value
    for axis in axes:
        first = array.take([0], axis)
        if not np.array_equal(np.broadcast_to(first, array.shape), array):
            raise UnsupportedOperation(
                graph.scope,
                VARYING,
                "Make it an input of the model.",
            )
        array = first
    value = graph.emit("Expand", array, graph.sizes(shape))
    return Tensor(value, shape, tensor.dtype, plain(tensor.rank))


def scalar_size(graph: Graph, size: Size, dtype: str = "int32") -> Tensor:
    """Returns an unknown size as a scalar tensor."""
    number = graph.emit("Squeeze", graph.size(size), np.array([0], np.int64))
    return graph.cast(Tensor(number, (), "int64", ()), dtype)
