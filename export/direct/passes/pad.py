"""Pads before pooling, written so that ONNX Runtime does not fuse the two.

Its fusion of Pad and MaxPool pads with minus infinity instead of zero (docs/upstream.md).
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from export.direct.passes.helpers import NodePass, constant, initializer

# Not zero, so that the Pad is not fused, and as good as zero beside any value of a picture.
ALMOST_ZERO = 1e-30


class KeepPads(NodePass):
    """Pads with almost zero where a pooling reads the result."""

    operators = {"MaxPool", "AveragePool"}

    def rewrite(self, graph: ir.Graph, node: ir.Node) -> bool:
        """Replaces the zero that the Pad before a pooling fills with."""
        source = node.inputs[0]
        pad = None if source is None else source.producer()
        if source is None or pad is None or pad.op_type != "Pad":
            return False
        mode = pad.attributes["mode"].as_string() if "mode" in pad.attributes else "constant"
        fill = pad.inputs[2] if len(pad.inputs) > 2 else None
        array = np.zeros((), np.float32) if fill is None else constant(fill)
        if mode != "constant" or array is None or array.dtype != np.float32 or np.any(array):
            return False
        tiny = initializer(graph, np.array(ALMOST_ZERO, np.float32), pad.inputs[1])
        if len(pad.inputs) < 3:
            pad.resize_inputs(3)
        pad.replace_input_with(2, tiny)
        return True
