"""One ONNX graph of a use: the graphs of its parts, wired."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
import onnx_ir as ir
from onnx import version_converter
from onnx_ir.passes import common

from export.errors import ExportError
from zoo.uses import Use

Load = Callable[[str], onnx.ModelProto]
"""Reads the graph of a part, afresh at each call."""
DOMAINS = ("", "ai.onnx")


def merged(name: str, use: Use, load: Load) -> onnx.ModelProto:
    """The graph of a use: its inputs by their names, its results by theirs.

    Tensors inside are called `step/tensor`; a result named like an input is called `result/name`.
    Weights that two steps share are stored once.

    Args:
        name: Of the graph.
        use: A resolved use.
        load: Reads a part's graph.

    Raises:
        ExportError: The parts' operator sets do not go together.
    """
    models = _of_one_opset({part: load(part) for part in use.parts}, load)
    wiring = _Wiring()
    for step in use.steps:
        wiring.add(step.name, step.reads, models[step.part]())
    outputs = wiring.outputs({result_name(use, r): value for r, value in use.gives.items()})
    graph = ir.Graph(
        wiring.inputs(use.inputs),
        outputs,
        nodes=wiring.nodes,
        initializers=wiring.weights,
        opset_imports=wiring.opsets,
        name=name,
    )
    tidy = ir.passes.Sequential(
        common.DeduplicateHashedInitializersPass(),
        common.RemoveUnusedNodesPass(),
    )
    model = tidy(ir.Model(graph, ir_version=wiring.ir_version, producer_name="genzoo")).model
    return ir.to_proto(model)


def result_name(use: Use, result: str) -> str:
    """The name that a result has in the merged graph."""
    return f"result/{result}" if result in use.inputs else result


class _Wiring:
    """A graph that grows by one step after the other."""

    def __init__(self) -> None:
        self.nodes: list[ir.Node] = []
        self.weights: list[ir.Value] = []
        self.opsets: dict[str, int] = {}
        self.ir_version = 0
        self._values: dict[str, ir.Value] = {}

    def add(self, step: str, reads: Mapping[str, str], model: ir.Model) -> None:
        """Takes over a part's nodes and weights, whose names get the step's as a prefix."""
        graph = model.graph
        ports, made = list(graph.inputs), list(graph.outputs)
        names = [value.name for value in made]
        own, stored = list(graph), list(graph.initializers.values())
        inner = list(graph.all_nodes())
        graph.inputs.clear()
        graph.outputs.clear()
        graph.initializers.clear()
        graph.remove(own)
        made_inside = [value for node in inner for value in node.outputs]
        for named in (*stored, *inner, *made_inside, *_bound_inside(inner)):
            named.name = f"{step}/{named.name}" if named.name else named.name
        for port in ports:
            value = reads[str(port.name)]
            if value in self._values:
                ir.convenience.replace_all_uses_with(port, self._values[value])
                made = [self._values[value] if output is port else output for output in made]
            else:
                self._values[value], port.name = port, value
        self._values |= {f"{step}/{name}": value for name, value in zip(names, made, strict=True)}
        self.nodes += own
        self.weights += stored
        self.opsets |= model.opset_imports
        self.ir_version = max(self.ir_version, model.ir_version)

    def inputs(self, values: Sequence[str]) -> list[ir.Value]:
        """The inputs of those names."""
        return [self._values[value] for value in values]

    def outputs(self, gives: Mapping[str, str]) -> list[ir.Value]:
        """The results under their names; one that no node makes, or a second one, is copied."""
        results: list[ir.Value] = []
        for name, read in gives.items():
            value = self._values[read]
            if value.producer() is None or any(value is result for result in results):
                node = ir.node("Identity", [value], name=f"{name}/Identity")
                self.nodes.append(node)
                copy = node.outputs[0]
                copy.type, copy.shape = value.type, value.shape
                value = copy
            value.name = name
            results.append(value)
        return results


def _bound_inside(nodes: Sequence[ir.Node]) -> Iterator[ir.Value]:
    """The inputs and weights of the graphs inside nodes, such as a loop's body."""
    for node in nodes:
        for attribute in node.attributes.values():
            if attribute.type == ir.AttributeType.GRAPH:
                body = attribute.as_graph()
                yield from (*body.inputs, *body.initializers.values())


@dataclass(frozen=True)
class _Source:
    """A part's graph in the pipeline's operator set, read afresh at each call."""

    part: str
    load: Load
    opset: int | None

    def __call__(self) -> ir.Model:
        proto = self.load(self.part)
        if self.opset is not None:
            proto = _converted(self.part, proto, self.opset)
        model = ir.from_proto(proto)
        if model.functions:
            model = common.InlinePass()(model).model
        return model


def _of_one_opset(protos: Mapping[str, onnx.ModelProto], load: Load) -> dict[str, _Source]:
    """Sources of the parts, those of an older operator set converted to the newest."""
    sets: dict[str, dict[str, int]] = {}
    for part, proto in protos.items():
        for entry in proto.opset_import:
            domain = "" if entry.domain in DOMAINS else entry.domain
            sets.setdefault(domain, {})[part] = entry.version
    for domain, versions in sets.items():
        if domain and len(set(versions.values())) > 1:
            raise ExportError(
                f"The parts of one graph have one operator set of {domain!r}. Received: "
                f"{_listed(versions)}. Accepted: a bundle exported by one route."
            )
    newest = max(sets[""].values())
    return {
        part: _Source(part, load, None if sets[""].get(part, newest) == newest else newest)
        for part in protos
    }


def _converted(part: str, proto: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    try:
        return version_converter.convert_version(proto, opset)
    except (RuntimeError, ValueError, version_converter.ConvertError) as error:
        raise ExportError(
            f"The parts of one graph have one operator set. Received: {part!r}, which cannot be "
            f"converted to opset {opset}: {str(error).splitlines()[0]}. "
            f"Accepted: a bundle exported with --opset {opset}."
        ) from error


def _listed(versions: Mapping[str, Any]) -> str:
    return ", ".join(f"{part} {version}" for part, version in versions.items())
