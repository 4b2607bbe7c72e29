"""Scans, loops and branches: functions of symbolic tensors as bodies of ONNX's control flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import onnx_ir as ir

from export.direct.graph import Graph
from export.direct.tensor import Order, Shape, Stored, Tensor, plain


class Bodies:
    """The part of a call that makes graphs inside the graph."""

    _graph: Graph
    trace: Callable[..., Any]
    emit: Callable[..., Any]
    stored: Callable[..., ir.Value]
    tensor: Callable[..., Tensor]
    wrap: Callable[..., Tensor]

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
