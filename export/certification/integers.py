"""How many values the integer inputs of an ONNX graph take, by what the graph does with them.

What is looked up in a table has as many values as the table has rows, what is read as true or
false two, and what is only computed with may be any number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import onnx

NUMBERS = 256
"""Values of an integer that no operation limits; of an `int8`, as many as it has from 0 on."""
MASK = "mask"
"""An input with this in its name holds 0 and 1, however it is read."""
# Of their first input, these put the same numbers elsewhere.
MOVING = {
    "Concat", "DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements", "GatherND",
    "Identity", "Pad", "Reshape", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile",
    "Transpose", "Unsqueeze", "Where",
}  # fmt: skip
# These make other numbers, of which no limit is known.
COMPUTING = {
    "Abs", "Add", "ArgMax", "ArgMin", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor",
    "Clip", "CumSum", "Div", "Max", "Min", "Mod", "Mul", "Neg", "Pow", "ReduceMax", "ReduceMin",
    "ReduceProd", "ReduceSum", "Sign", "Sub", "TopK", "Trilu",
}  # fmt: skip
# These end the integers: what they make are no numbers of the input.
ENDING = {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Shape", "Size"}
INTEGERS = {
    onnx.TensorProto.INT8, onnx.TensorProto.INT16, onnx.TensorProto.INT32, onnx.TensorProto.INT64,
    onnx.TensorProto.UINT8, onnx.TensorProto.UINT16, onnx.TensorProto.UINT32,
    onnx.TensorProto.UINT64,
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """How a graph reads an integer input: how many values it takes, and whether as any number."""

    count: int
    is_number: bool


def ranges(model: onnx.ModelProto) -> dict[str, int]:
    """How many values integer inputs take: those that the graph tells, by name.

    An input of which an operation reads numbers as places, without a table of known length, is
    left out, as is one that goes into the body of a loop.
    """
    return {name: reading.count for name, reading in _readings(model).items()}


def numbers(model: onnx.ModelProto) -> set[str]:
    """The integer inputs that are computed with, and are neither places nor true or false."""
    return {name for name, reading in _readings(model).items() if reading.is_number}


def _readings(model: onnx.ModelProto) -> dict[str, Reading]:
    graph = model.graph
    readers: dict[str, list[tuple[onnx.NodeProto, int]]] = {}
    for node in graph.node:
        for place, name in enumerate(node.input):
            readers.setdefault(name, []).append((node, place))
        inside = [a for a in node.attribute if a.type in (a.GRAPH, a.GRAPHS)]
        for name in {name for a in inside for g in (a.g, *a.graphs) for name in _read_in(g)}:
            readers.setdefault(name, []).append((node, -1))
    constants = {tensor.name: tensor for tensor in graph.initializer}
    found = {}
    for entry in graph.input:
        dtype = entry.type.tensor_type.elem_type
        if dtype in INTEGERS:
            reading = _reading(entry.name, dtype, readers, constants)
            if reading is not None:
                found[entry.name] = reading
    return found


def notes(ranges: Mapping[str, int], used: Iterable[str]) -> list[str]:
    """Says from which values inputs were drawn that no layer and no caller limits."""
    return [
        f"{name}: drawn from 0 to {ranges[name] - 1}, as the graph reads it; cardinality= draws "
        "from others"
        for name in used
        if name in ranges
    ]


def _reading(
    name: str,
    dtype: int,
    readers: Mapping[str, list[tuple[onnx.NodeProto, int]]],
    constants: Mapping[str, onnx.TensorProto],
) -> Reading | None:
    """How an input is read; None where the graph does not tell."""
    limits: list[int] = []
    truth = MASK in name.lower()
    pending, seen = [(name, False)], set()
    while pending:
        value, changed = pending.pop()
        if (value, changed) in seen:
            continue
        seen.add((value, changed))
        for node, place in readers.get(value, []):
            kind = node.op_type
            if kind == "Cast":
                to = next(a.i for a in node.attribute if a.name == "to")
                truth = truth or to == onnx.TensorProto.BOOL
                if to in INTEGERS:
                    pending.append((node.output[0], changed))
            elif kind in ENDING:
                continue
            elif (rows := _rows(node, place, constants)) is not None:
                if changed:
                    return None
                limits.append(rows)
            elif kind in COMPUTING or (kind in MOVING and _is_moved(node, place)):
                moved = [(output, changed or kind in COMPUTING) for output in node.output]
                pending += moved
            else:
                return None
    if limits:
        return Reading(min(limits), is_number=False)
    return Reading(2 if truth else min(NUMBERS, _most(dtype)), is_number=not truth)


def _rows(
    node: onnx.NodeProto, place: int, constants: Mapping[str, onnx.TensorProto]
) -> int | None:
    """The rows of the table in which a node looks an input up; None where it does not."""
    if node.op_type == "Gather" and place == 1 and node.input[0] in constants:
        axis = next((a.i for a in node.attribute if a.name == "axis"), 0)
        return int(constants[node.input[0]].dims[axis])
    if node.op_type == "OneHot" and place == 0 and node.input[1] in constants:
        return int(onnx.numpy_helper.to_array(constants[node.input[1]]).item())
    return None


def _is_moved(node: onnx.NodeProto, place: int) -> bool:
    """Whether an operand is what a node moves, and not where to."""
    if node.op_type == "Concat":
        return True
    return place in ((1, 2) if node.op_type == "Where" else (0,))


def _most(dtype: int) -> int:
    """How many values from 0 on an integer type has."""
    return int(np.iinfo(onnx.helper.tensor_dtype_to_np_dtype(dtype)).max) + 1


def _read_in(graph: onnx.GraphProto) -> set[str]:
    """The values that a body reads, its own among them."""
    return {name for node in graph.node for name in node.input}
