"""One call of a Keras operation or layer, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import onnx_ir as ir

from export.direct.constants import lift
from export.direct.graph import Operand
from export.direct.ordering import broadcast, regrouped
from export.direct.recording import Symbols
from export.direct.sizes import Size, output_spec
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
from export.errors import UnsupportedOperation

if TYPE_CHECKING:
    from export.direct.walker import Walker


class Call:
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
        return output_spec(
            self.operation, args, kwargs, lambda it, *a, **k: it.compute_output_spec(*a, **k)
        )

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

    def scan(
        self,
        function: Callable[..., Any],
        states: Sequence[Tensor],
        sequences: Sequence[Tensor],
        *,
        axis: int = 1,
        backwards: bool = False,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Runs a function along an axis of sequences, for as many steps as there are.

        `function(*states, *items)` returns the new states and the outputs of one step, both lists.
        Returns the last states, and the outputs with the steps as that axis.
        """
        graph = self._graph
        with graph.body("scan") as body:
            items = [graph.parameter(state, state.shape) for state in states]
            items += [graph.parameter(x, _without_axis(x.shape, axis)) for x in sequences]
            new, outputs = self.trace(function, *items)
            for tensor, state in zip(new, states, strict=True):
                graph.result(graph.cast(tensor, state.dtype))
            for tensor in outputs:
                graph.result(tensor)
        values = self.emit(
            "Scan",
            *states,
            *(self.stored(x, _steps_first(x.rank, axis)) for x in sequences),
            outputs=len(states) + len(outputs),
            body=body,
            num_scan_inputs=len(sequences),
            scan_input_directions=[int(backwards)] * len(sequences),
        )
        values = values if isinstance(values, list) else [values]
        steps = sequences[0].shape[axis]
        found = [
            self.wrap(
                Stored(value, _steps_first(y.rank + 1, axis)),
                (*y.shape[:axis], steps, *y.shape[axis:]),
                y.dtype,
            )
            for value, y in zip(values[len(states) :], outputs, strict=True)
        ]
        return _like(values, states), found

    def loop(
        self,
        function: Callable[..., Any],
        states: Sequence[Tensor],
        *,
        count: Any = None,
        condition: Callable[..., Any] | None = None,
    ) -> list[Tensor]:
        """Runs a function on states, `count` times or for as long as a condition of them holds.

        `function(number, *states)` returns the new states, a list; the number counts from 0.
        """
        graph = self._graph
        go_on: Any = np.array(True)
        if condition is not None:
            go_on = self.trace(condition, *states)
        with graph.body("loop") as body:
            number = graph.parameter(self.tensor(np.zeros((), np.int64)), ())
            graph.parameter(self.tensor(np.zeros((), bool)), ())
            items = [graph.parameter(state, state.shape) for state in states]
            new = self.trace(function, number, *items)
            new = [graph.cast(t, state.dtype) for t, state in zip(new, states, strict=True)]
            again = self.tensor(np.array(True))
            if condition is not None:
                again = self.trace(condition, *new)
            graph.result(graph.cast(again, "bool"))
            for tensor in new:
                graph.result(tensor)
        limit = None if count is None else self.tensor(count, "int64")
        values = self.emit("Loop", limit, go_on, *states, outputs=len(states), body=body)
        return _like(values if isinstance(values, list) else [values], states)

    def choose(self, condition: Tensor, *functions: Callable[..., Any]) -> Any:
        """The outputs of the first function where a condition holds, else of the second."""
        graph = self._graph
        bodies, outputs = [], None
        for function in functions:
            with graph.body("branch") as body:
                outputs = self.trace(function)
                for tensor in keras.tree.flatten(outputs):
                    graph.result(self.tensor(tensor))
            bodies.append(body)
        flat = [self.tensor(tensor) for tensor in keras.tree.flatten(outputs)]
        values = self.emit(
            "If", condition, outputs=len(flat), then_branch=bodies[0], else_branch=bodies[1]
        )
        return _like(values if isinstance(values, list) else [values], flat)

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


def _without_axis(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], *shape[axis + 1 :])


def _steps_first(rank: int, axis: int) -> Order:
    return (axis, *(a for a in range(rank) if a != axis))


def _like(values: Sequence[ir.Value], tensors: Sequence[Tensor]) -> list[Tensor]:
    """Values as tensors of the shapes and dtypes of others."""
    return [
        Tensor(value, x.shape, x.dtype, plain(x.rank))
        for value, x in zip(values, tensors, strict=False)
    ]
