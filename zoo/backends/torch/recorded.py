"""Functions of tensors that are recorded after some calls and then run as a graph.

The graph holds what PyTorch computed, backward passes and gradients of gradients included, as plain
operations: it runs without Keras's layers and without autograd, to the same bits.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import torch
from keras.src.backend.common.stateless_scope import in_stateless_scope
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from zoo.errors import BackendError

VARIABLE = "GENZOO_TORCH"
"""The environment variable that names a way of running functions."""
WAYS = ("recorded", "eager", "compiled")
WARM_UP = 16
"""Calls with the same shapes before one is recorded; shorter runs are not worth recording."""
MOST = 8
"""Recordings of one function; it runs eagerly for further shapes."""
CLOSE = {"recorded": 1e-5, "compiled": 1e-3}
"""How far the first results may lie from the eager ones, relative to the largest entry."""

Key = tuple[Any, ...]


def way() -> str:
    """How functions run: `GENZOO_TORCH`, by default `recorded`.

    Raises:
        BackendError: It names none of `WAYS`.
    """
    asked = os.environ.get(VARIABLE) or WAYS[0]
    if asked not in WAYS:
        raise BackendError(
            f"{VARIABLE} says how PyTorch runs training and inference. Received: {asked!r}. "
            f"Accepted: {', '.join(WAYS)}."
        )
    return asked


@dataclass
class Graph:
    """The graph recorded for inputs of one kind.

    Attributes:
        run: Values of variables and inputs, one after the other → outputs, then new values.
        read: Of each variable, whether the graph reads it.
        changed: The variables that get the new values.
        spec: The structure of the outputs.
        places: The outputs that are tensors.
        constants: The other outputs, None in the places of tensors.
    """

    run: Callable[..., Sequence[torch.Tensor]]
    read: list[bool]
    changed: list[keras.Variable]
    spec: Any
    places: list[int]
    constants: list[Any]

    def outputs(self, tensors: Sequence[torch.Tensor]) -> Any:
        """The outputs in their structure."""
        found = list(self.constants)
        for place, tensor in zip(self.places, tensors, strict=True):
            found[place] = tensor
        return pytree.tree_unflatten(found, self.spec)


@dataclass
class Recorded:
    """A function of a structure of tensors that reads and assigns variables.

    Args:
        function: The computation; without random draws, and without branches on values.
        variables: All that it may read or assign.
        name: For the message where it cannot be recorded.
    """

    function: Callable[[Any], Any]
    variables: Sequence[keras.Variable]
    name: str
    way: str = field(default_factory=way)
    _calls: dict[Key, int] = field(default_factory=dict, repr=False)
    _graphs: dict[Key, Graph] = field(default_factory=dict, repr=False)

    def __call__(self, inputs: Any) -> Any:
        if self.way == "eager" or in_stateless_scope():
            return self.function(inputs)
        leaves, spec = pytree.tree_flatten(inputs)
        key = (spec, *((leaf.shape, leaf.dtype, leaf.device) for leaf in leaves))
        if key in self._graphs:
            return self._run(self._graphs[key], leaves)
        calls = self._calls[key] = self._calls.get(key, 0) + 1
        if calls <= WARM_UP or len(self._graphs) == MOST:
            return self.function(inputs)
        return self._record(key, leaves, spec)

    def _values(self, graph: Graph) -> list[torch.Tensor | None]:
        """The values of the variables that the graph reads."""
        pairs = zip(held(self.variables), graph.read, strict=True)
        return [value if read else None for value, read in pairs]

    def _compute(self, graph: Graph, leaves: list) -> tuple[list, list]:
        """Outputs and new values of the changed variables."""
        with torch.no_grad():
            found = list(graph.run(*self._values(graph), *leaves))
        count = len(graph.places)
        return found[:count], found[count:]

    def _run(self, graph: Graph, leaves: list) -> Any:
        tensors, values = self._compute(graph, leaves)
        if values:
            with torch.no_grad():
                torch._foreach_copy_(held(graph.changed), values)
        return graph.outputs(tensors)

    def _record(self, key: Key, leaves: list, spec: Any) -> Any:
        """Records the function, and runs it eagerly once more to hold the results against it."""
        try:
            graph = record(self.function, self.variables, leaves, spec)
            if self.way == "compiled":
                graph.run = torch.compile(graph.run, fullgraph=True, dynamic=False)
            tensors, values = self._compute(graph, leaves)
        except Exception as error:
            self._stay_eager(f"{type(error).__name__}: {str(error).splitlines()[0][:160]}")
            return self.function(pytree.tree_unflatten(leaves, spec))
        outputs = self.function(pytree.tree_unflatten(leaves, spec))
        flat = pytree.tree_leaves(outputs, is_leaf=lambda leaf: leaf is None)
        expected = [leaf for leaf in flat if isinstance(leaf, torch.Tensor)]
        expected += [variable.value for variable in graph.changed]
        tolerance = CLOSE[self.way]
        if all(close(a, b, tolerance) for a, b in zip([*tensors, *values], expected, strict=True)):
            self._graphs[key] = graph
        else:
            self._stay_eager("the recorded results differ from the eager ones")
        return outputs

    def _stay_eager(self, reason: str) -> None:
        self.way = "eager"
        warnings.warn(f"PyTorch runs {self.name} eagerly, not {way()}: {reason}.", stacklevel=4)


def held(variables: Sequence[keras.Variable]) -> list[torch.Tensor]:
    """The tensors that variables hold for good, and assign to in place.

    Outside of Keras's scopes they are the variables' `value`, which looks for scopes every time.
    """
    return [variable._value for variable in variables]


def record(
    function: Callable[[Any], Any], variables: Sequence[keras.Variable], leaves: list, spec: Any
) -> Graph:
    """Records a function at some inputs; nothing is assigned.

    Raises:
        BackendError: It reads weights that are not among the variables.
    """
    graph = Graph(lambda *_: (), [], [], None, [], [])

    def pure(*arguments: torch.Tensor) -> list[torch.Tensor]:
        own = [
            argument.detach().requires_grad_(variable.value.requires_grad)
            for argument, variable in zip(arguments, variables, strict=False)
        ]
        with keras.StatelessScope(list(zip(variables, own, strict=True))) as scope:
            outputs = function(pytree.tree_unflatten(arguments[len(own) :], spec))
        after = [scope.get_current_value(variable) for variable in variables]
        moved = [new is not old for new, old in zip(after, own, strict=True)]
        graph.changed = [v for v, changed in zip(variables, moved, strict=True) if changed]
        flat, graph.spec = pytree.tree_flatten(outputs)
        graph.places = [i for i, leaf in enumerate(flat) if isinstance(leaf, torch.Tensor)]
        graph.constants = [None if isinstance(leaf, torch.Tensor) else leaf for leaf in flat]
        new = [value for value, changed in zip(after, moved, strict=True) if changed]
        return [tensor.detach() for tensor in (*(flat[i] for i in graph.places), *new)]

    values = [variable.value.detach() for variable in variables]
    with WrittenOut():
        made = make_fx(pure)(*values, *leaves)
    made.graph.eliminate_dead_code()
    made.recompile()
    for node in made.graph.nodes:
        if node.op == "get_attr" and isinstance(getattr(made, node.target), torch.nn.Parameter):
            raise BackendError("it reads weights that are not the model's")
    inputs = [node for node in made.graph.nodes if node.op == "placeholder"]
    graph.read = [bool(node.users) for node in inputs[: len(variables)]]
    graph.run = made
    return graph


class WrittenOut(TorchFunctionMode):
    """Puts operations that no value decides on in the place of those that check values first."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func is torch.nn.functional.one_hot:
            return one_hot(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def one_hot(tensor: torch.Tensor, num_classes: int) -> torch.Tensor:
    """Rows of zeros with a one at each class, int64."""
    classes = torch.arange(num_classes, device=tensor.device)
    return (tensor.unsqueeze(-1) == classes).long()


def close(received: torch.Tensor, expected: torch.Tensor, tolerance: float) -> bool:
    """Whether two tensors are the same to rounding."""
    if received.shape != expected.shape or received.dtype != expected.dtype:
        return False
    if not expected.is_floating_point():
        return bool(torch.equal(received, expected))
    expected = expected.detach()
    finite = expected[expected.isfinite()]
    largest = float(finite.abs().max()) if finite.numel() else 0.0
    return torch.allclose(
        received, expected, rtol=tolerance, atol=tolerance * largest, equal_nan=True
    )
