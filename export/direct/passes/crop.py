"""Folds a crop of the borders into the transposed convolution before it, as padding."""

from __future__ import annotations

import onnx_ir as ir

from export.direct.passes.affine import constants, only_use, replace_by


def fold_crop(graph: ir.Graph) -> int:
    """Fold slices of step one; return how many."""
    folded = 0
    for node in list(graph):
        if node.op_type == "Slice" and len(node.inputs) == 5:
            folded += _fold(graph, node)
    return folded


def _fold(graph: ir.Graph, crop: ir.Node) -> bool:
    source = crop.inputs[0]
    product = None if source is None else source.producer()
    if source is None or product is None or product.op_type != "ConvTranspose":
        return False
    numbers = constants(crop, range(1, 5))
    if not only_use(source) or source.shape is None or numbers is None:
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
    cropped = crop.outputs[0].shape
    replace_by(graph, crop, source)
    source.shape = cropped
    return True
