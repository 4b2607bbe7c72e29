"""One call of a Keras operation or layer, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import onnx_ir as ir

from export.direct.bodies import Bodies
from export.direct.constants import lift
from export.direct.graph import Operand
from export.direct.inference import output_spec
from export.direct.ordering import broadcast, regrouped
from export.direct.recording import Symbols
from export.direct.sizes import Size
from export.direct.tensor import (
    ONNX_TYPES,
    Dimension,
    Order,
    Shape,
    Stored,
    Tensor,
    float32,
    plain,
    without,
)
from export.direct.wide_integers import as_computed
from export.errors import UnsupportedOperation

if TYPE_CHECKING:
    from export.direct.walker import Walker


class Call(Bodies):
    """The whole surface of a handler: the operation, its output's shape and dtype, and nodes.

    `operation` is the Keras operation (or layer), whose attributes are its settings.
    """

    def __init__(self, walker: Walker, operation: Any, args: Any, kwargs: Any) -> None:
        self.operation = operation
        self._walker = walker
        self._graph = walker.graph
        self._arguments = (args, kwargs)

    @property
    def name(self) -> str:
        """The class name of the operation."""
        return type(self.operation).__name__

    @property
    def opset(self) -> int:
        """The ONNX operator set that the graph is written in."""
        return self._graph.opset

    @cached_property
    def spec(self) -> Any:
        """The outputs as Keras infers them: one symbolic tensor or a structure of them."""
        args, kwargs = Symbols().replace(self._arguments)
        inferred = output_spec(self.operation, args, kwargs)
        return as_computed(self.operation, args, kwargs, inferred)

    @property
    def shape(self) -> Shape:
        """The shape of the output, as Keras infers it."""
        return self.spec.shape

    @property
    def dtype(self) -> str:
        """The dtype of the output, as Keras infers it; floating types are all float32."""
        return float32(self.spec.dtype)

    def unsupported(self, advice: str, *, what: str | None = None) -> UnsupportedOperation:
        """Returns the error to raise for an operation that ONNX cannot express."""
        return UnsupportedOperation(self._graph.scope, what or self.name, advice)

    def emit(self, operator: str, *inputs: Operand, outputs: int = 1, **attributes: Any) -> Any:
        """Appends a node; tensors are read in the Keras axis order, see `Graph.emit`."""
        return self._graph.emit(operator, *inputs, outputs=outputs, **attributes)

    def emit_stored(
        self, operator: str, tensor: Tensor, *inputs: Operand, **attributes: Any
    ) -> Stored:
        """Appends a node that reads `tensor` as it is stored and keeps its axis order."""
        value = self.emit(operator, self.value(tensor), *inputs, **attributes)
        return Stored(value, tensor.order)

    def elementwise(self, operator: str, *tensors: Tensor, **attributes: Any) -> Stored:
        """Appends a node that works element by element, in any order its operands are stored."""
        values, order = self.broadcast(tensors)
        return Stored(self.emit(operator, *values, **attributes), order)

    def reduce(
        self, operator: str, tensor: Tensor, axes: Sequence[int], *, keepdims: bool
    ) -> Stored:
        """Reduces logical `axes`; the axes that are left keep their stored order."""
        places = sorted(tensor.order.index(axis) for axis in axes)
        order = tensor.order if keepdims else without(tensor.order, axes)
        source = self.value(tensor)
        if not places:
            return Stored(source, order)
        if operator == "ReduceSum" or self.opset >= 18:
            value = self.emit(operator, source, self.integers(*places), keepdims=int(keepdims))
        else:
            value = self.emit(operator, source, axes=places, keepdims=int(keepdims))
        return Stored(value, order)

    def trace(self, function: Callable[..., Any], *tensors: Tensor) -> Any:
        """Converts the operations that a function of symbolic tensors calls."""
        return self._walker.trace(function, tensors, {}, name=self.name)

    def tensor(self, value: Any, dtype: str | None = None) -> Tensor:
        """Returns a tensor for any argument (number, array, tensor), cast to `dtype`."""
        if isinstance(value, int) and not isinstance(value, (bool, Size)):
            wide = not -(2**31) <= value < 2**31
            value = np.asarray(value, np.int64 if wide else np.int32)
        tensor: Tensor = lift(self._graph, value)
        return tensor if dtype is None else self.cast(tensor, dtype)

    def array(self, weight: Any) -> np.ndarray:
        """Returns the values of a weight."""
        array: np.ndarray = lift(self._graph, weight).array
        return array

    def common(self, *values: Any) -> list[Tensor]:
        """Returns arguments in the dtype that Keras computes them in together."""
        kinds = [
            value.dtype
            if isinstance(value, Tensor)
            else int
            if isinstance(value, Size)
            else type(value)
            if isinstance(value, (bool, int, float))
            else str(np.asarray(value).dtype)
            for value in values
        ]
        dtype = float32(keras.backend.result_type(*kinds))
        if dtype == "int32" and "int64" in kinds and self.dtype in ("bool", "int64"):
            dtype = "int64"  # PyTorch compares and computes with what it is given
        return [self.tensor(value, dtype) for value in values]

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        """Returns `tensor` in another dtype; floating types are all float32."""
        return self._graph.cast(tensor, dtype)

    def wrap(self, stored: Stored, shape: Shape, dtype: str) -> Tensor:
        """Returns a tensor for an intermediate result."""
        return Tensor(stored.value, shape, dtype, stored.order)

    def scalar(self, number: float, dtype: str = "float32") -> np.ndarray:
        """Returns an operand that is one number."""
        return np.array(number, dtype)

    def integers(self, *numbers: int) -> np.ndarray:
        """Returns an operand that is a vector of int64, such as axes or sizes."""
        return np.array(numbers, np.int64)

    def value(self, tensor: Tensor) -> ir.Value:
        """Returns the value of `tensor`, its axes as they are stored."""
        return self._graph.stored(tensor, tensor.order)

    def stored(self, tensor: Tensor, order: Order) -> ir.Value:
        """Returns the value of `tensor` with its axes in `order`."""
        return self._graph.stored(tensor, order)

    def as_stored(self, tensor: Tensor) -> Stored:
        """Returns a tensor as the result of a handler."""
        return Stored(self.value(tensor), tensor.order)

    def plain(self, value: ir.Value) -> Stored:
        """Returns a value of the output's shape, its axes in the Keras order."""
        return Stored(value, plain(len(self.shape)))

    def converted(self, stored: Stored, dtype: str) -> Stored:
        """Returns a result cast to a dtype that it does not have."""
        return Stored(self.emit("Cast", stored.value, to=int(ONNX_TYPES[dtype])), stored.order)

    def broadcast(self, tensors: Sequence[Tensor]) -> tuple[list[ir.Value], Order]:
        """Returns the values of `tensors` in one common order, and that order."""
        return broadcast(self._graph, tensors)

    def regrouped(self, tensor: Tensor, shape: Shape) -> Stored:
        """Reshapes in Keras's sense, without transposing where the axis order allows it."""
        return regrouped(self._graph, tensor, shape)

    def sizes(self, shape: Shape) -> ir.Value:
        """Returns `shape` as an integer vector, unknown sizes computed when the graph runs."""
        return self._graph.sizes(shape)

    def size(self, size: Dimension) -> Any:
        """Returns one size as a vector of one integer: an array, or a value."""
        return self._graph.size(size)

    def is_dynamic(self, size: Dimension) -> bool:
        """Whether a dimension is known only when the graph runs."""
        return self._graph.is_dynamic(size)
