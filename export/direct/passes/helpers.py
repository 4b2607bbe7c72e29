"""Shared parts of the passes: a pass over single nodes, constants, replacement of nodes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable
from typing import ClassVar

import numpy as np
import onnx_ir as ir

# Operators that compute each element from the same element of their inputs.
POINTWISE = {
    "Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Gelu",
    "HardSigmoid", "HardSwish", "Shrink", "Clip", "Abs", "Neg", "Exp", "Log", "Sqrt", "Erf", "Sin",
    "Cos", "Reciprocal", "Floor", "Ceil", "Round", "Sign", "Not", "Cast", "Identity", "Swish",
}  # fmt: skip


class NodePass(ir.passes.InPlacePass):
    """A pass that rewrites the nodes of certain operators, one by one."""

    operators: ClassVar[Collection[str]]

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Rewrites each node of the operators, as far as the graph around it allows."""
        graph = model.graph
        modified = False
        for node in list(graph):
            if node.op_type in self.operators and node.graph is graph:
                modified = self.rewrite(graph, node) or modified
        return ir.passes.PassResult(model, modified)

    @abstractmethod
    def rewrite(self, graph: ir.Graph, node: ir.Node) -> bool:
        """Rewrites one node; returns whether it did, and leaves the graph alone otherwise."""


def constant(value: ir.Value | None) -> np.ndarray | None:
    """Returns the array of an initializer, None for anything that depends on the inputs."""
    if value is None or not value.is_initializer() or value.const_value is None:
        return None
    return value.const_value.numpy()


def constants(node: ir.Node, indices: Iterable[int]) -> list[tuple[int, np.ndarray]] | None:
    """Returns the arrays at some inputs of a node, with their indices; None if one varies."""
    found = []
    for index in indices:
        array = constant(node.inputs[index])
        if array is None:
            return None
        found.append((index, array))
    return found


def initializer(graph: ir.Graph, array: np.ndarray, like: ir.Value) -> ir.Value:
    """Returns a new initializer, named after the one that it replaces."""
    base = like.name or "constant"
    name, count = f"{base}_folded", 0
    while name in graph.initializers:
        count += 1
        name = f"{base}_folded_{count}"
    array = np.ascontiguousarray(array)
    value = ir.Value(name=name, const_value=ir.tensor(array, name=name))
    value.shape, value.dtype = ir.Shape(array.shape), ir.DataType.from_numpy(array.dtype)
    graph.register_initializer(value)
    return value


def is_ordinary(node: ir.Node, **ints: set[int]) -> bool:
    """Whether a convolution has one group, no dilation, explicit padding, and given numbers.

    Args:
        node: A convolution, or a transposed one.
        ints: The numbers that an attribute has along all axes; `strides`, `pads`.
    """
    attributes = node.attributes
    group = attributes.get("group")
    if (group is not None and group.as_int() != 1) or "auto_pad" in attributes:
        return False
    wanted = {"dilations": {1}} | ints
    defaults = {"dilations": {1}, "strides": {1}, "pads": {0}}
    given = {name: set(attributes[name].as_ints()) for name in wanted if name in attributes}
    return all(given.get(name, defaults[name]) == numbers for name, numbers in wanted.items())


def has_one_reader(value: ir.Value) -> bool:
    """Whether a value is read once, and is no output of the graph."""
    return len(value.uses()) == 1 and not value.is_graph_output()


def replace_by(graph: ir.Graph, node: ir.Node, value: ir.Value) -> None:
    """Removes a node; the readers of its output read `value` instead."""
    output = node.outputs[0]
    is_output = output.is_graph_output()
    output.replace_all_uses_with(value, replace_graph_outputs=True)
    if is_output:
        value.name, value.type, value.shape = output.name, output.type, output.shape
    graph.remove(node, safe=True)
