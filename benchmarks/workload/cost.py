"""Floating-point operations and bytes of a graph, counted from its operators and shapes.

A multiplication and an addition count as two operations; an elementwise operator counts one for
each value it makes. `bytes` is what must move at the least: inputs, weights and outputs of the
whole graph, once. `traffic` is what moves where every operator reads and writes its own tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.records.schema import Cost, Row
from benchmarks.tasks import PEAK, TRAIN
from benchmarks.workload import roofline
from benchmarks.workload.workdir import Workdir

ITEM = {1: 4, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8}
"""ONNX element type → bytes: float, int32, int64, bool, float16, double."""

# Operators that move or view values and compute nothing.
MOVES = frozenset(
    "Cast Concat Constant DepthToSpace Expand Flatten Gather Identity Pad Reshape Resize Shape "
    "Slice Split Squeeze Tile Transpose Unsqueeze".split()
)

UNINFERRED = frozenset({"GroupNormalization"})
"""Operators whose output has the shape of their first input, which onnx does not infer."""

RECURRENT = ("GRU", "LSTM", "RNN")

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Count:
    """Operations and bytes of one call."""

    flops: float
    bytes: float
    traffic: float

    def __add__(self, other: Count) -> Count:
        return Count(
            self.flops + other.flops, self.bytes + other.bytes, self.traffic + other.traffic
        )


def rows(
    workdir: Workdir, model: str, workloads: Sequence[str], batches: Sequence[int]
) -> list[Row]:
    """A row for each workload and batch size, from the direct route's graphs."""
    if model == PEAK:
        return [_of_peak(workload) for workload in workloads]
    found: list[Row] = []
    for workload in workloads:
        if workload == TRAIN:
            continue
        files = [workdir.graph(step.part, "direct") for step in workdir.use(workload).steps]
        if all(file.exists() for file in files):
            for batch in batches:
                total = sum((count(file, batch) for file in files), Count(0, 0, 0))
                found.append(Cost(model=model, workload=workload, batch=batch, **vars(total)))
    return found


def _of_peak(name: str) -> Cost:
    batch = roofline.BATCHES[name]
    flops, moved = roofline.work(name, batch)
    return Cost(model=PEAK, workload=name, batch=batch, flops=flops, bytes=moved, traffic=moved)


def count(path: Path, batch: int) -> Count:
    """Counts one call of a graph.

    Raises:
        BenchmarkError: A shape cannot be inferred.
    """
    import onnx

    return _count(onnx.load(str(path)), batch, path.name)


def _count(model: Any, batch: int, name: str) -> Count:
    graph = _with_batch(model, batch).graph
    shapes: dict[str, Shape] = {}
    sizes: dict[str, int] = {}
    for value in [*graph.input, *graph.output, *graph.value_info]:
        tensor = value.type.tensor_type
        shape = tuple(dim.dim_value for dim in tensor.shape.dim)
        if any(not dim.HasField("dim_value") for dim in tensor.shape.dim):
            raise BenchmarkError(f"The shape of {value.name!r} in {name} is not known.")
        shapes[value.name] = shape
        sizes[value.name] = math.prod(shape) * ITEM.get(tensor.elem_type, 4)
    for weight in graph.initializer:
        shapes[weight.name] = tuple(weight.dims)
        sizes[weight.name] = math.prod(weight.dims) * ITEM.get(weight.data_type, 4)
    ends = [value.name for value in [*graph.input, *graph.output]]
    least = sum(sizes[name] for name in {*ends, *(w.name for w in graph.initializer)})
    flops, traffic = 0.0, 0.0
    for node in graph.node:
        if node.op_type == "Scan":
            steps, body = shapes[node.input[-1]][0], _count(_body(node, model), batch, name)
            flops, traffic = flops + steps * body.flops, traffic + steps * body.traffic
            continue
        names = [name for name in [*node.input, *node.output] if name]
        flops += operations(node, [shapes.get(n, ()) for n in node.input], shapes)
        traffic += sum(sizes.get(name, 0) for name in names)
    return Count(flops, float(least), traffic)


def operations(node: Any, inputs: Sequence[Shape], shapes: dict[str, Shape]) -> float:
    """Floating-point operations of one node."""
    output = math.prod(shapes.get(node.output[0], ()))
    if node.op_type in _PRODUCTS:
        return 2.0 * _PRODUCTS[node.op_type](node, inputs, output)
    if node.op_type in MOVES:
        return 0.0
    return float(max(output, *(math.prod(shape) for shape in inputs), 0))


def _convolution(node: Any, inputs: Sequence[Shape], output: int) -> int:
    """Each output value is a sum over the kernel and the group's input channels."""
    return output * math.prod(inputs[1][1:])


def _transposed_convolution(node: Any, inputs: Sequence[Shape], output: int) -> int:
    """Each input value is spread over the kernel and the group's output channels."""
    return math.prod(inputs[0]) * math.prod(inputs[1][1:])


def _gemm(node: Any, inputs: Sequence[Shape], output: int) -> int:
    transposed = any(a.name == "transA" and a.i for a in node.attribute)
    return output * inputs[0][0 if transposed else 1]


def _matmul(node: Any, inputs: Sequence[Shape], output: int) -> int:
    return output * inputs[0][-1]


def _recurrent(node: Any, inputs: Sequence[Shape], output: int) -> int:
    """At every step and sample each weight of the gates meets one input or state."""
    return math.prod(inputs[0][:2]) * (math.prod(inputs[1]) + math.prod(inputs[2]))


def _einsum(node: Any, inputs: Sequence[Shape], output: int) -> int:
    """The product of all the letters' lengths."""
    equation = next(a.s.decode() for a in node.attribute if a.name == "equation")
    lengths: dict[str, int] = {}
    for term, shape in zip(equation.split("->")[0].split(","), inputs, strict=True):
        lengths.update(zip(term.strip(), shape, strict=True))
    return math.prod(lengths.values())


_PRODUCTS: dict[str, Callable[[Any, Sequence[Shape], int], int]] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Einsum": _einsum,
    **dict.fromkeys(RECURRENT, _recurrent),
}


def _body_of(node: Any) -> Any:
    """The graph that a Scan runs at each step."""
    return next(attribute.g for attribute in node.attribute if attribute.name == "body")


def _body(node: Any, model: Any) -> Any:
    """That graph as a model, with the weights of the graph around it."""
    import onnx

    graph = onnx.GraphProto.FromString(_body_of(node).SerializeToString())
    graph.initializer.extend(model.graph.initializer)
    return onnx.helper.make_model(graph, opset_imports=model.opset_import)


def _with_batch(model: Any, batch: int) -> Any:
    """The model with every first dimension of its inputs set, and all shapes inferred."""
    import onnx

    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        if dims and not dims[0].HasField("dim_value"):
            dims[0].dim_value = batch
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]
    for body in (_body_of(node) for node in model.graph.node if node.op_type == "Scan"):
        for value in (*body.input, *body.output):
            value.type.tensor_type.shape.dim[0].dim_value = batch
        del body.value_info[:]
    layers = [node for node in model.graph.node if node.op_type in RECURRENT]
    around = {name for node in layers for name in (node.input[0], *node.output) if name}
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in model.graph.node]
    for node in model.graph.node:
        # An empty batch alone is padded in front of a recurrent layer, and cut behind it.
        padded = node.op_type == "Pad" and node.output[0] in around
        if (
            node.op_type in UNINFERRED
            or padded
            or (node.op_type == "Slice" and node.input[0] in around)
        ):
            node.op_type = "Identity"
            del node.input[1:], node.attribute[:]
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    for inferred, node in zip(model.graph.node, nodes, strict=True):
        inferred.CopyFrom(node)
    return model
