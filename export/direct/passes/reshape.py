"""One Reshape instead of two that only activations stand between.

`Reshape → Tanh → Reshape` becomes `Reshape → Tanh`.
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


class MergeReshapes(NodePass):
    """Merges Reshapes into those before them."""

    operators = {"Reshape"}

    def rewrite(self, graph: ir.Graph, node: ir.Node) -> bool:
        """Gives the Reshape before this one the sizes of both, and removes this one."""
        first, between = _reshape_before(node)
        if first is None or "allowzero" in first.attributes or "allowzero" in node.attributes:
            return False
        middle, target = constant(first.inputs[1]), constant(node.inputs[1])
        if middle is None or target is None:
            return False
        # A zero stands for the size that its axis had so far.
        sizes = np.array(
            [middle[i] if size == 0 else size for i, size in enumerate(target)], np.int64
        )
        if np.sum(sizes == -1) > 1:
            return False
        first.replace_input_with(1, initializer(graph, sizes, node.inputs[1]))
        for value in between:
            value.shape = node.outputs[0].shape
        replace_by(graph, node, between[0])
        return True


def _reshape_before(reshape: ir.Node) -> tuple[ir.Node | None, list[ir.Value]]:
    """Returns the Reshape before activations, None if there is none, and the values in between."""
    between: list[ir.Value] = []
    node: ir.Node | None = reshape
    while node is not None and (node is reshape or node.op_type in POINTWISE):
        value = node.inputs[0]
        if value is None or not has_one_reader(value):
            return None, between
        between.append(value)
        node = value.producer()
    return (node if node is not None and node.op_type == "Reshape" else None), between
