"""Transposes beside a Reshape, moved into the weights on the other side of the Reshape.

`Gemm → Reshape → Transpose` becomes `Gemm' → Reshape`: the columns of the weights are permuted.
`Transpose → Reshape → Gemm` becomes `Reshape → Gemm'`: the rows are.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from export.direct.passes.helpers import (
    POINTWISE,
    NodePass,
    constant,
    has_one_reader,
    initializer,
    replace_by,
)
from export.direct.passes.permutation import (
    BINARY,
    Change,
    constants_beside,
    permuted_columns,
    permuted_rows,
    transposed_constant,
    variable_input,
)


class AbsorbTransposes(NodePass):
    """Absorbs the Transposes that weights can take in."""

    operators = {"Transpose"}

    def rewrite(self, graph: ir.Graph, node: ir.Node) -> bool:
        """Permutes the weights before a Transpose or, where that fails, those behind it."""
        return _absorb_before(graph, node) or _absorb_after(graph, node)


def _absorb_before(graph: ir.Graph, transpose: ir.Node) -> bool:
    """Permutes the columns of what makes the transposed value."""
    permutation = list(transpose.attributes["perm"].as_ints())
    changes: list[Change] = []
    value = transpose.inputs[0]
    if len(value.uses()) != 1 or permutation[0] != 0:
        return False
    reshape = value.producer()
    while reshape is not None and reshape.op_type in POINTWISE | BINARY:
        others = constants_beside(reshape)
        if others is None or not has_one_reader(reshape.outputs[0]):
            return False
        changes.extend(transposed_constant(graph, reshape, i, a, permutation) for i, a in others)
        value = variable_input(reshape)
        reshape = value.producer()
    if reshape is None or reshape.op_type != "Reshape" or not has_one_reader(reshape.outputs[0]):
        return False
    target = constant(reshape.inputs[1])
    if target is None or len(target) != len(permutation) or np.any(target[1:] <= 0):
        return False
    inner = [int(size) for size in target[1:]]
    numbers = np.arange(np.prod(inner)).reshape(inner)
    columns = numbers.transpose([axis - 1 for axis in permutation[1:]]).ravel()
    sources = permuted_columns(graph, reshape.inputs[0], columns)
    if sources is None:
        return False
    for change in changes + sources:
        change()
    moved = initializer(graph, target[permutation], reshape.inputs[1])
    reshape.replace_input_with(1, moved)
    reshape.outputs[0].shape = None
    replace_by(graph, transpose, transpose.inputs[0])
    return True


def _absorb_after(graph: ir.Graph, transpose: ir.Node) -> bool:
    """Permutes the rows of what reads the transposed and flattened value."""
    permutation = list(transpose.attributes["perm"].as_ints())
    source, output = transpose.inputs[0], transpose.outputs[0]
    if permutation[0] != 0 or not has_one_reader(output) or source.shape is None:
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
    changes = permuted_rows(graph, reshape.outputs[0], rows)
    if changes is None:
        return False
    for change in changes:
        change()
    reshape.replace_input_with(0, source)
    graph.remove(transpose, safe=True)
    return True
