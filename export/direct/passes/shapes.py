"""Shapes of intermediate values, which no longer hold once nodes are folded."""

from __future__ import annotations

import onnx_ir as ir


class ForgetShapes(ir.passes.InPlacePass):
    """Removes the shapes and types inside the graph, for shape inference to fill in again."""

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Keeps the shapes of the graph's inputs, outputs and initializers alone."""
        for node in model.graph.all_nodes():
            for value in node.outputs:
                if not value.is_graph_output():
                    value.shape = value.type = None
        return ir.passes.PassResult(model, modified=True)
