"""One call of a Keras operation or layer, as its handler sees it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import onnx_ir as ir

from export.direct.graph import TYPES, Graph, Operand
from export.direct.tensor import Order, Shape, Stored, Tensor, float32, plain, without
from export.errors import UnsupportedOperation

if TYPE_CHECKING:
    from export.direct.walker import Walker


class Call:
    """What a handler may ask: the operation's settings, its output's shape and dtype, and nodes.

    `operation` is the Keras operation (or layer), whose attributes are its settings.
    """

    def __init__(self, walker: Walker, operation: Any, args: Any, kwargs: Any) -> None:
        self.walker = walker
        self.graph: Graph = walker.graph
        self.operation = operation
        self._arguments = (args, kwargs)

    @property
    def opset(self) -> int:
        return self.graph.opset

    @cached_property
    def spec(self) -> Any:
        """The outputs as Keras infers them: one symbolic tensor or a structure of them."""
        args, kwargs = self.walker.symbols(self._arguments)
        return self.operation.compute_output_spec(*args, **kwargs)

    @property
    def shape(self) -> Shape:
        return self.spec.shape

    @property
    def dtype(self) -> str:
        return float32(self.spec.dtype)

    def refuse(self, advice: str, *, what: str | None = None) -> UnsupportedOperation:
        """Return the error to raise for what ONNX cannot express."""
        name = what or type(self.operation).__name__
        return UnsupportedOperation(self.walker.layer, name, advice)

    def emit(self, operator: str, *inputs: Operand, outputs: int = 1, **attributes: Any) -> Any:
        """Append a node; tensors are read in the Keras axis order, see `Graph.emit`."""
        return self.graph.emit(operator, *inputs, outputs=outputs, **attributes)

    def tensor(self, value: Any, dtype: str | None = None) -> Tensor:
        """Return a tensor for any argument (number, array, tensor), cast to `dtype`."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = np.asarray(value, np.int32)
        tensor: Tensor = self.walker.lift(value)
        return tensor if dtype is None else self.cast(tensor, dtype)

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        """Return `tensor` in another dtype; floating types are all float32."""
        dtype = float32(dtype)
        if dtype == tensor.dtype:
            return tensor
        if isinstance(tensor.value, np.ndarray):
            value: Any = tensor.value.astype(dtype)
        else:
            value = self.emit("Cast", tensor.value, to=int(TYPES[dtype]))
        return Tensor(value, tensor.shape, dtype, tensor.order)

    def common(self, *values: Any) -> list[Tensor]:
        """Return the arguments in the dtype that Keras computes in when it gets them together."""
        kinds = [
            value.dtype
            if isinstance(value, Tensor)
            else type(value)
            if isinstance(value, (bool, int, float))
            else str(np.asarray(value).dtype)
            for value in values
        ]
        dtype = float32(keras.backend.result_type(*kinds))
        return [self.tensor(value, dtype) for value in values]

    def elementwise(self, operator: str, *tensors: Tensor, **attributes: Any) -> Stored:
        """Append a node that works element by element, in any order its operands are stored."""
        values, order = self.graph.broadcast(tensors)
        return Stored(self.emit(operator, *values, **attributes), order)

    def stored(self, tensor: Tensor, order: Order) -> ir.Value:
        """Return the value of `tensor` with its axes in `order`."""
        return self.graph.stored(tensor, order)

    def scalar(self, number: float, dtype: str = "float32") -> np.ndarray:
        return np.array(number, dtype)

    def integers(self, *numbers: int) -> np.ndarray:
        return np.array(numbers, np.int64)

    def wrap(self, value: Stored | ir.Value, shape: Shape, dtype: str) -> Tensor:
        """Return a tensor for an intermediate result."""
        if isinstance(value, Stored):
            return Tensor(value.value, shape, dtype, value.order)
        return Tensor(value, shape, dtype, plain(len(shape)))

    def reduce(
        self, operator: str, tensor: Tensor, axes: Sequence[int], *, keepdims: bool
    ) -> Stored:
        """Reduce logical `axes`; what is left keeps its stored order."""
        places = sorted(tensor.order.index(axis) for axis in axes)
        order = tensor.order if keepdims else without(tensor.order, axes)
        source = self.graph.operand(tensor.value)
        if not places:
            return Stored(source, order)
        if operator == "ReduceSum" or self.opset >= 18:
            value = self.emit(operator, source, self.integers(*places), keepdims=int(keepdims))
        else:
            value = self.emit(operator, source, axes=places, keepdims=int(keepdims))
        return Stored(value, order)
