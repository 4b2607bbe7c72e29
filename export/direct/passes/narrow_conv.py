"""Writes convolutions to very few channels as transposed ones, which ONNX Runtime runs faster."""

from __future__ import annotations

import onnx_ir as ir

from export.direct.passes.affine import constant, initializer

# On processors, ONNX Runtime computes 8 or 16 output channels of a two-dimensional convolution at
# a time, however few there are: the last layer of a decoder does up to 16 times its work. Written
# as a transposed convolution of stride 1 it is one matrix product and a sum.
WIDEST = 4
FEWEST_INPUTS = 4  # for each output; below, the matrix product is too thin to gain


def flip_narrow(graph: ir.Graph) -> int:
    """Rewrite stride-one convolutions from many to at most 4 channels; return how many."""
    return sum(_flip(graph, node) for node in list(graph) if node.op_type == "Conv")


def _flip(graph: ir.Graph, node: ir.Node) -> bool:
    kernel = node.inputs[1]
    weight = constant(kernel)
    if weight is None or kernel is None or weight.ndim != 4:
        return False
    outputs, inputs, *window = weight.shape
    attributes = node.attributes
    group = attributes.get("group")
    plain = all(
        set(attributes[name].as_ints()) == {1}
        for name in ("strides", "dilations")
        if name in attributes
    )
    if (group is not None and group.as_int() != 1) or not plain or max(window) == 1:
        return False
    if outputs > WIDEST or inputs < FEWEST_INPUTS * outputs or "auto_pad" in attributes:
        return False
    pads = list(attributes["pads"].as_ints()) if "pads" in attributes else [0, 0, 0, 0]
    cut = [size - 1 - pad for size, pad in zip(window * 2, pads, strict=True)]
    if min(cut) < 0:
        return False
    flipped = weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
    node.op_type = "ConvTranspose"
    node.replace_input_with(1, initializer(graph, flipped, kernel))
    attributes["pads"] = ir.AttrInt64s("pads", cut)
    return True
