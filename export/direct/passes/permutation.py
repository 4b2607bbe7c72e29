"""Permutations of the columns of a matrix, moved into the weights that make or read it.

Changes are collected first and made only if all of them can be.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from export.direct.passes.helpers import (
    POINTWISE,
    constant,
    constants,
    has_one_reader,
    initializer,
)

# Operators that compute element by element and may have a constant operand.
BINARY = {"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min"}

Change = Callable[[], None]


def permuted_columns(graph: ir.Graph, value: ir.Value, columns: np.ndarray) -> list[Change] | None:
    """Returns the changes that permute the second axis of a matrix, None if they cannot be made."""
    node = value.producer()
    if node is None or not has_one_reader(value):
        return None
    if node.op_type == "Gemm" and "transB" not in node.attributes:
        arrays = constants(node, range(1, len(node.inputs)))
        if arrays is None or any(array.shape[-1] != columns.size for _, array in arrays):
            return None
        return [_with(graph, node, i, array[..., columns]) for i, array in arrays]
    if node.op_type == "BatchNormalization":
        above = permuted_columns(graph, node.inputs[0], columns)
        arrays = constants(node, range(1, 5))
        if above is None or arrays is None:
            return None
        return above + [_with(graph, node, i, array[columns]) for i, array in arrays]
    if node.op_type == "Gather":
        table = constant(node.inputs[0])
        axis = node.attributes["axis"].as_int() if "axis" in node.attributes else 0
        if table is None or axis != 0 or table.ndim != 2 or table.shape[1] != columns.size:
            return None
        return [_with(graph, node, 0, table[:, columns])]
    if node.op_type not in POINTWISE | BINARY:
        return None
    changes: list[Change] = []
    beside = constants_beside(node)
    if beside is None:
        # Two values that depend on the inputs: both have to be permuted.
        for source in node.inputs:
            above = permuted_columns(graph, source, columns)
            if above is None:
                return None
            changes.extend(above)
        return changes
    for index, array in beside:
        if array.ndim and array.shape[-1] == columns.size:
            changes.append(_with(graph, node, index, array[..., columns]))
        elif array.size != 1:
            return None
    above = permuted_columns(graph, variable_input(node), columns)
    return None if above is None else changes + above


def permuted_rows(graph: ir.Graph, value: ir.Value, rows: np.ndarray) -> list[Change] | None:
    """Returns the changes that let every reader of a matrix take its columns in another order."""
    changes: list[Change] = []
    if value.is_graph_output():
        return None
    for node, index in value.uses():
        if node.op_type == "Gemm" and index == 0:
            weight = constant(node.inputs[1])
            if weight is None or weight.shape[0] != rows.size:
                return None
            changes.append(_with(graph, node, 1, weight[rows]))
            continue
        if node.op_type == "BatchNormalization" and index == 0:
            beside = constants(node, range(1, 5))
        elif node.op_type in POINTWISE | BINARY:
            beside = constants_beside(node)
        elif node.op_type == "Concat" and node.attributes["axis"].as_int() in (1, -1):
            wider = _concatenated(node, index, rows)
            if wider is None:
                return None
            below = permuted_rows(graph, node.outputs[0], wider)
            if below is None:
                return None
            changes.extend(below)
            continue
        else:
            return None
        if beside is None:
            return None
        for i, array in beside:
            if array.ndim and array.shape[-1] == rows.size:
                changes.append(_with(graph, node, i, array[..., rows]))
            elif array.size != 1:
                return None
        below = permuted_rows(graph, node.outputs[0], rows)
        if below is None:
            return None
        changes.extend(below)
    return changes


def _concatenated(node: ir.Node, index: int, rows: np.ndarray) -> np.ndarray | None:
    """Returns the permutation of a concatenation that permutes one of its parts."""
    widths = []
    for place, part in enumerate(node.inputs):
        width = rows.size if place == index else None if part.shape is None else part.shape[1]
        if not isinstance(width, int):
            return None
        widths.append(width)
    order = np.arange(sum(widths))
    start = sum(widths[:index])
    order[start : start + rows.size] = start + rows
    return order


def constants_beside(node: ir.Node) -> list[tuple[int, np.ndarray]] | None:
    """Returns the constant operands of a pointwise node, None if two of its operands vary."""
    if node.op_type in POINTWISE:
        return []
    arrays = [(index, constant(value)) for index, value in enumerate(node.inputs)]
    found = [(index, array) for index, array in arrays if array is not None]
    return found if len(found) == len(node.inputs) - 1 else None


def variable_input(node: ir.Node) -> ir.Value:
    """Returns the first input of a node that is no constant."""
    return next(value for value in node.inputs if constant(value) is None)


def _with(graph: ir.Graph, node: ir.Node, index: int, array: np.ndarray) -> Change:
    """Returns the change that gives a node another constant."""
    return lambda: node.replace_input_with(index, initializer(graph, array, node.inputs[index]))


def transposed_constant(
    graph: ir.Graph, node: ir.Node, index: int, array: np.ndarray, permutation: list[int]
) -> Change:
    """Returns the change that transposes a constant operand."""
    full = array.reshape(*[1] * (len(permutation) - array.ndim), *array.shape)
    return _with(graph, node, index, full.transpose(permutation))
