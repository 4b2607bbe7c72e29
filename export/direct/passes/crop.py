"""Crops of the borders as padding of the transposed convolution before them."""

from __future__ import annotations

import onnx_ir as ir

from export.direct.passes.helpers import NodePass, constants, has_one_reader, replace_by


class FoldCrops(NodePass):
    """Folds slices of step one into the transposed convolution before them."""

    operators = {"Slice"}

    def rewrite(self, graph: ir.Graph, node: ir.Node) -> bool:
        """Adds what the slice cuts off to the padding of the transposed convolution."""
        source = node.inputs[0]
        product = None if source is None else source.producer()
        if source is None or product is None or product.op_type != "ConvTranspose":
            return False
        numbers = constants(node, range(1, 5)) if len(node.inputs) == 5 else None
        if not has_one_reader(source) or source.shape is None or numbers is None:
            return False
        space = len(source.shape) - 2
        pads = list(product.attributes["pads"].as_ints())
        for start, stop, axis, step in zip(*(array.tolist() for _, array in numbers), strict=True):
            size = source.shape[axis]
            if axis < 2 or step != 1 or not isinstance(size, int):
                return False
            first, last, _ = slice(start, stop).indices(size)
            if last <= first:
                return False
            pads[axis - 2] += first
            pads[axis - 2 + space] += size - last
        product.attributes["pads"] = ir.AttrInt64s("pads", pads)
        cropped = node.outputs[0].shape
        replace_by(graph, node, source)
        source.shape = cropped
        return True
