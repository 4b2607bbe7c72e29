"""Transpositions before matrix products, written so that ONNX Runtime does not fuse all of them.

Its fusion of the two, where the transposition moves the first axis to the rows, divides by zero at
batch 0 and ends the process (docs/upstream.md).
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from export.direct.passes.helpers import NodePass, initializer


class KeepTransposes(NodePass):
    """Puts a Reshape that changes nothing behind them, where the axis that moves may be empty."""

    operators = {"MatMul"}

    def rewrite(self, graph: ir.Graph, node: ir.Node) -> bool:
        """Parts a product from the transpositions of its operands."""
        return any([self._part(graph, node, place) for place in (0, 1)])

    def _part(self, graph: ir.Graph, node: ir.Node, place: int) -> bool:
        value = node.inputs[place]
        producer = None if value is None else value.producer()
        if value is None or producer is None or producer.op_type != "Transpose":
            return False
        order = list(producer.attributes["perm"].as_ints()) if "perm" in producer.attributes else []
        if len(order) < 3 or order[0] == 0 or 0 not in order[-2:] or not _may_be_empty(producer):
            return False
        # 0 stands for the size that there is.
        same = initializer(graph, np.zeros(len(order), np.int64), value)
        copied = ir.node("Reshape", [value, same])
        copied.outputs[0].shape, copied.outputs[0].type = value.shape, value.type
        graph.insert_before(node, copied)
        node.replace_input_with(place, copied.outputs[0])
        return True


def _may_be_empty(transposition: ir.Node) -> bool:
    """Whether the first axis of what is transposed is not known to have elements."""
    value = transposition.inputs[0]
    shape = None if value is None else value.shape
    return shape is None or not isinstance(shape[0], int) or shape[0] == 0
