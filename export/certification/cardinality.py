"""How many values integer inputs and outputs take: from the layers, draws and classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from export.signature import graph_of
from zoo.uses import Use

Ports = dict[str, int]
"""Integer inputs and outputs by name → how many values they take."""


def cardinality(model: Any) -> dict[str, Ports]:
    """How many values the integers take that the parts of a model read and make.

    A value has one cardinality wherever it goes: an encoder's codes are what the decoder looks up.

    Args:
        model: An object with `parts()`, `table()` and `num_classes`.
    """
    parts = model.parts()
    found: dict[str, Ports] = {name: embedded(part) for name, part in parts.items()}
    for use in model.table().values():
        for value in _values(use):
            readers = list(use.readers(value))
            limits = [found[part][port] for part, port in readers if port in found[part]]
            limits += list(_stated(model, use, value))
            if not limits:
                continue
            for part, port in (*readers, *_maker(use, value)):
                found[part][port] = min(min(limits), found[part].get(port, min(limits)))
    return {name: _integers(parts[name], limits) for name, limits in found.items()}


def of_inputs(part: Any, limits: Mapping[str, int]) -> Ports:
    """Those limits that are of a part's inputs."""
    names = {tensor.name for tensor in part.inputs}
    return {name: limit for name, limit in limits.items() if name in names}


def embedded(model: Any) -> Ports:
    """How many values integer inputs take, from the layers of a Keras model that read them."""
    found: Ports = {}
    sources = {id(tensor): tensor.name for tensor in model.inputs if "int" in tensor.dtype}
    _follow(model, sources, found)
    return found


def _values(use: Use) -> list[str]:
    """Every value that a use reads, in reading order."""
    return list(dict.fromkeys(value for step in use.steps for value in step.reads.values()))


def _stated(model: Any, use: Use, value: str) -> Iterator[int]:
    """The limits that a draw and the number of classes set."""
    size = use.draws[value].size if value in use.draws else None
    if size:
        yield size
    if value == "labels" and model.num_classes is not None:
        yield model.num_classes


def _maker(use: Use, value: str) -> Iterator[tuple[str, str]]:
    """The part and the output that make a value; nothing where it is an input."""
    step, _, output = value.partition("/")
    yield from ((s.part, output) for s in use.steps if output and s.name == step)


def _integers(part: Any, limits: Ports) -> Ports:
    """The limits of those inputs and outputs that are integers."""
    ports = {tensor.name: tensor.dtype for tensor in part.inputs}
    if isinstance(part.output, Mapping):
        ports |= {name: tensor.dtype for name, tensor in part.output.items()}
    return {name: limit for name, limit in limits.items() if "int" in str(ports.get(name))}


def _follow(model: Any, sources: dict[int, str], found: Ports) -> None:
    """Follows integer tensors through a graph and its nested graphs to what reads them."""
    operations = graph_of(model).operations
    pending = [node for operation in operations for node in operation._inbound_nodes]
    reached = True
    while reached:
        reached = False
        for node in list(pending):
            names = {sources[id(t)] for t in node.input_tensors if id(t) in sources}
            if not names:
                continue
            pending.remove(node)
            reached = True
            operation = node.operation
            limit = index_range(operation)
            if limit:
                for name in names:
                    found[name] = min(limit, found.get(name, limit))
            elif hasattr(graph_of(operation), "operations"):
                own = graph_of(operation).inputs
                inner = {
                    id(tensor): sources[id(given)]
                    for tensor, given in zip(own, node.input_tensors, strict=False)
                    if id(given) in sources
                }
                _follow(operation, inner, found)
            else:
                integers = [t for t in node.output_tensors if "int" in t.dtype]
                sources.update({id(t): min(names) for t in integers})


def index_range(operation: Any) -> int | None:
    """How many values the integers take that an operation reads as indices; None for others.

    Keras's own layers have an attribute each; a layer of one's own declares `index_range`.
    """
    import keras

    declared = getattr(operation, "index_range", None)
    if isinstance(declared, int):
        return declared
    if isinstance(operation, keras.layers.Embedding):
        return operation.input_dim
    value = getattr(operation, "num_classes", None)  # of one_hot
    return value if isinstance(value, int) else None
