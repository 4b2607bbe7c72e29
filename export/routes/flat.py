"""A Keras model as a function of positional tensors, and the names of a converted graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import onnx

from export.signature import graph_of


def flat_call(model: Any) -> Callable[..., tuple[Any, ...]]:
    """Returns the model in inference mode: tensors in signature order in and out."""
    structure = graph_of(model).input

    def call(*tensors: Any) -> tuple[Any, ...]:
        inputs = keras.tree.pack_sequence_as(structure, list(tensors))
        return tuple(keras.tree.flatten(model(inputs, training=False)))

    return call


def rename(model: onnx.ModelProto, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Renames a graph's inputs and outputs by position, in place, wherever they are mentioned."""
    graph = model.graph
    names = {entry.name: name for entry, name in zip(graph.input, inputs, strict=True)}
    names |= {entry.name: name for entry, name in zip(graph.output, outputs, strict=True)}
    inner = {tensor for node in graph.node for tensor in node.output}
    inner |= {tensor.name for tensor in graph.initializer}
    for name in set(names.values()) & (inner - set(names)):
        names[name] = f"{name}_inner"  # a tensor inside that has the name already
    for entry in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        entry.name = names.get(entry.name, entry.name)
    _rename_nodes(graph.node, names)
    for entry in (*graph.input, *graph.output):
        entry.type.tensor_type.shape.dim[0].ClearField("dim_value")
        entry.type.tensor_type.shape.dim[0].dim_param = "batch"


def _rename_nodes(nodes: Any, names: dict[str, str]) -> None:
    for node in nodes:
        node.input[:] = [names.get(tensor, tensor) for tensor in node.input]
        node.output[:] = [names.get(tensor, tensor) for tensor in node.output]
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                _rename_nodes(graph.node, names)
                for entry in graph.output:
                    entry.name = names.get(entry.name, entry.name)
