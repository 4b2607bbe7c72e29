"""Makes one Reshape of two that only activations stand between.

`Reshape → Tanh → Reshape` becomes `Reshape → Tanh`.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from export.direct.passes.affine import constant, initializer, only_use, replace_by
from export.direct.passes.axis_order import POINTWISE


def fold_reshape(graph: ir.Graph) -> int:
    """Fold Reshapes into those before them; return how many."""
    return sum(_fold(graph, node) for node in list(graph) if node.op_type == "Reshape")


def _fold(graph: ir.Graph, reshape: ir.Node) -> bool:
    first, between = _reshape_before(reshape)
    if first is None or "allowzero" in first.attributes or "allowzero" in reshape.attributes:
        return False
    middle, target = constant(first.inputs[1]), constant(reshape.inputs[1])
    if middle is None or target is None:
        return False
    # A zero stands for the size that its place had so far.
    sizes = np.array([middle[i] if size == 0 else size for i, size in enumerate(target)], np.int64)
    if np.sum(sizes == -1) > 1:
        return False
    first.replace_input_with(1, initializer(graph, sizes, reshape.inputs[1]))
    for value in between:
        value.shape = reshape.outputs[0].shape
    replace_by(graph, reshape, between[0])
    return True


def _reshape_before(reshape: ir.Node) -> tuple[ir.Node | None, list[ir.Value]]:
    """Return the Reshape before activations, None if there is none, and the values in between."""
    between: list[ir.Value] = []
    node: ir.Node | None = reshape
    while node is not None and (node is reshape or node.op_type in POINTWISE):
        value = node.inputs[0]
        if value is None or not only_use(value):
            return None, between
        between.append(value)
        node = value.producer()
    return (node if node is not None and node.op_type == "Reshape" else None), between
