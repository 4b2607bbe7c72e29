"""Passes over the finished graph: constants and axis orders go into weights, Reshapes together."""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.passes import common

from export.direct.passes.affine import fold_affine
from export.direct.passes.axis_order import absorb_orders
from export.direct.passes.crop import fold_crop
from export.direct.passes.narrow_conv import flip_narrow
from export.direct.passes.reshape import fold_reshape


def fold(graph: ir.Graph) -> None:
    """Fold scales, shifts, crops and axis orders into their neighbours; drop what is left over.

    Last, convolutions to very few channels take the form that runs faster.
    """
    passes = (absorb_orders, fold_crop, fold_affine, fold_reshape)
    while sum(folded(graph) for folded in passes):
        pass
    flip_narrow(graph)
    # Shapes that were noted for folding no longer hold: inference fills them in again.
    for node in graph:
        for value in node.outputs:
            if not value.is_graph_output():
                value.shape = value.type = None
    model = ir.Model(graph, ir_version=10)
    common.CommonSubexpressionEliminationPass()(model)
    common.RemoveUnusedNodesPass()(model)
