"""Recording of what a function does to symbolic Keras tensors, as a graph of operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from export.direct import keras_graph
from export.direct.tensor import Tensor
from export.errors import ExportError, UnsupportedOperation

# Raised by a `call` that cannot be replayed on symbolic tensors.
TRACING_ERRORS = (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError)


class Symbols:
    """Symbolic Keras tensors in place of tensors, which are `known` by the ids of their symbols.

    Keeps the symbols alive: an id holds for the lifetime of its object alone.
    """

    def __init__(self) -> None:
        self.known: dict[int, Tensor] = {}
        self._made: dict[int, keras.KerasTensor] = {}

    def replace(self, structure: Any) -> Any:
        """Replaces each tensor by a symbolic one with its mask; constants by their arrays."""
        return keras.tree.map_structure(self._symbol, structure)

    def _symbol(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if value.array is not None:
            return value.array
        if id(value) not in self._made:
            symbol = keras.KerasTensor(value.shape, value.dtype)
            self._made[id(value)] = symbol
            self.known[id(symbol)] = value
            keras_graph.set_mask(symbol, self._symbol(value.mask))
        return self._made[id(value)]


def record(
    function: Callable[..., Any], args: Any, kwargs: Any, *, layer: str, operation: str
) -> Any:
    """Returns the symbolic outputs of a function of symbolic tensors.

    Args:
        function: A layer's `call`, or a decomposition.
        args: Positional arguments, tensors as symbols.
        kwargs: Keyword arguments, tensors as symbols.
        layer: Name of the layer, for errors.
        operation: Name of what is recorded, for errors.

    Raises:
        UnsupportedOperation: The function raises on symbolic tensors, or changes a variable.
    """
    try:
        with keras_graph.replay() as changes_variables:
            outputs = function(*args, **kwargs)
    except ExportError:
        raise
    except TRACING_ERRORS as error:
        advice = (
            "Its `call` could not be replayed on symbolic tensors: write it in keras.ops, give "
            f"every size it reads in keras.Input, or use another route. Keras says: {error}"
        )
        raise UnsupportedOperation(layer, operation, advice) from error
    if changes_variables():
        advice = (
            "It draws random numbers or changes its state in inference. Make the noise an "
            "input of the model, or guard it with `training`."
        )
        raise UnsupportedOperation(layer, operation, advice)
    return outputs
