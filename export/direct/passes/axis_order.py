"""Moves a Transpose beside a Reshape into the weights on the other side of the Reshape.

`Gemm → Reshape → Transpose` becomes `Gemm' → Reshape`: the columns of the weights are permuted.
`Transpose → Reshape → Gemm` becomes `Reshape → Gemm'`: the rows are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from export.direct.passes.affine import constant, constants, initializer, only_use, replace_by

POINTWISE = {
    "Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Gelu",
    "HardSigmoid", "HardSwish", "Shrink", "Clip", "Abs", "Neg", "Exp", "Log", "Sqrt", "Erf", "Sin",
    "Cos", "Reciprocal", "Floor", "Ceil", "Round", "Sign", "Not", "Cast", "Identity", "Swish",
}  # fmt: skip
BINARY = {"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min"}

# What has to be done to permute a value: decided first, done only if all of it can be.
Change = Callable[[], None]


def absorb_orders(graph: ir.Graph) -> int:
    """Absorb what transposes the weights can; return how many."""
    absorbed = 0
    for node in list(graph):
        if node.op_type == "Transpose" and node.graph is graph:
            absorbed += _absorb_before(graph, node) or _absorb_after(graph, node)
    return absorbed


def _absorb_before(graph: ir.Graph, transpose: ir.Node) -> bool:
    """Permute the columns of what makes the transposed value."""
    permutation = list(transpose.attributes["perm"].as_ints())
    changes: list[Change] = []
    value = transpose.inputs[0]
    if len(value.uses()) != 1 or permutation[0] != 0:
        return False
    reshape = value.producer()
    while reshape is not None and reshape.op_type in POINTWISE | BINARY:
        others = _constants_beside(reshape)
        if others is None or not only_use(reshape.outputs[0]):
            return False
        changes.extend(_transposed(graph, reshape, i, a, permutation) for i, a in others)
        value = _variable(reshape)
        reshape = value.producer()
    if reshape is None or reshape.op_type != "Reshape" or not only_use(reshape.outputs[0]):
        return False
    target = constant(reshape.inputs[1])
    if target is None or len(target) != len(permutation) or np.any(target[1:] <= 0):
        return False
    inner = [int(size) for size in target[1:]]
    numbers = np.arange(np.prod(inner)).reshape(inner)
    columns = numbers.transpose([axis - 1 for axis in permutation[1:]]).ravel()
    sources = _permute_columns(graph, reshape.inputs[0], columns)
    if sources is None:
        return False
    for change in changes + sources:
        change()
    moved = initializer(graph, target[permutation], reshape.inputs[1])
    reshape.replace_input_with(1, moved)
    reshape.outputs[0].shape = None
    replace_by(graph, transpose, transpose.inputs[0])
    return True


def _permute_columns(graph: ir.Graph, value: ir.Value, columns: np.ndarray) -> list[Change] | None:
    """Return the changes that permute the second axis of a matrix, None if they cannot be made."""
    node = value.producer()
    if node is None or not only_use(value):
        return None
    if node.op_type == "Gemm" and "transB" not in node.attributes:
        arrays = constants(node, range(1, len(node.inputs)))
        if arrays is None or any(array.shape[-1] != columns.size for _, array in arrays):
            return None
        return [_with(graph, node, i, array[..., columns]) for i, array in arrays]
    if node.op_type == "BatchNormalization":
        above = _permute_columns(graph, node.inputs[0], columns)
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
    beside = _constants_beside(node)
    if beside is None:
        # Two values that depend on the inputs: both have to be permuted.
        for source in node.inputs:
            above = _permute_columns(graph, source, columns)
            if above is None:
                return None
            changes.extend(above)
        return changes
    for index, array in beside:
        if array.ndim and array.shape[-1] == columns.size:
            changes.append(_with(graph, node, index, array[..., columns]))
        elif array.size != 1:
            return None
    above = _permute_columns(graph, _variable(node), columns)
    return None if above is None else changes + above


def _absorb_after(graph: ir.Graph, transpose: ir.Node) -> bool:
    """Permute the rows of what reads the transposed and flattened value."""
    permutation = list(transpose.attributes["perm"].as_ints())
    source, output = transpose.inputs[0], transpose.outputs[0]
    if permutation[0] != 0 or not only_use(output) or source.shape is None:
        return False
    sizes = list(source.shape)[1:]
    reshape = output.uses()[0].node
    if reshape.op_type != "Reshape" or not all(isinstance(size, int) for size in sizes):
        return False
    target = constant(reshape.inputs[1])
    if target is None or len(target) != 2 or reshape.outputs[0].is_graph_output():
        return False
    numbers = np.arange(np.prod(sizes)).reshape([sizes[axis - 1] for axis in permutation[1:]])
    # Place `i` of the untransposed row holds what was at `rows[i]` of the transposed one.
    rows = numbers.transpose(np.argsort([axis - 1 for axis in permutation[1:]])).ravel()
    if target[1] not in (rows.size, -1):
        return False
    changes = _permute_rows(graph, reshape.outputs[0], rows)
    if changes is None:
        return False
    for change in changes:
        change()
    reshape.replace_input_with(0, source)
    graph.remove(transpose, safe=True)
    return True


def _permute_rows(graph: ir.Graph, value: ir.Value, rows: np.ndarray) -> list[Change] | None:
    """Return the changes that let every reader of a matrix take its columns in another order."""
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
            beside = _constants_beside(node)
        elif node.op_type == "Concat" and node.attributes["axis"].as_int() in (1, -1):
            wider = _concatenated(node, index, rows)
            if wider is None:
                return None
            below = _permute_rows(graph, node.outputs[0], wider)
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
        below = _permute_rows(graph, node.outputs[0], rows)
        if below is None:
            return None
        changes.extend(below)
    return changes


def _concatenated(node: ir.Node, index: int, rows: np.ndarray) -> np.ndarray | None:
    """Return the permutation of a concatenation that permutes one of its parts."""
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


def _constants_beside(node: ir.Node) -> list[tuple[int, np.ndarray]] | None:
    """Return the constant operands of a pointwise node, None if two of its operands vary."""
    if node.op_type in POINTWISE:
        return []
    arrays = [(index, constant(value)) for index, value in enumerate(node.inputs)]
    found = [(index, array) for index, array in arrays if array is not None]
    return found if len(found) == len(node.inputs) - 1 else None


def _variable(node: ir.Node) -> ir.Value:
    return next(value for value in node.inputs if constant(value) is None)


def _with(graph: ir.Graph, node: ir.Node, index: int, array: np.ndarray) -> Change:
    """Return the change that gives a node another constant."""
    return lambda: node.replace_input_with(index, initializer(graph, array, node.inputs[index]))


def _transposed(
    graph: ir.Graph, node: ir.Node, index: int, array: np.ndarray, permutation: list[int]
) -> Change:
    """Return the change that transposes a constant operand."""
    full = array.reshape(*[1] * (len(permutation) - array.ndim), *array.shape)
    return _with(graph, node, index, full.transpose(permutation))
