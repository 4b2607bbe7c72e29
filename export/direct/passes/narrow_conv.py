"""Convolutions to very few channels as transposed ones, which ONNX Runtime runs faster."""

from __future__ import annotations

import onnx_ir as ir

from export.direct.passes.helpers import NodePass, constant, initializer, is_ordinary

# On processors, ONNX Runtime computes 8 or 16 output channels of a two-dimensional convolution at
# a time, however few there are: the last layer of a decoder does up to 16 times its work. Written
# as a transposed convolution of stride 1 it is one matrix product and a sum.
MAX_OUTPUT_CHANNELS = 4
MIN_INPUT_CHANNELS_PER_OUTPUT = 4  # below, the matrix product is too thin to gain


class TransposeNarrowConvolutions(NodePass):
    """Rewrites stride-one convolutions from many to at most 4 channels as transposed ones."""

    operators = {"Conv"}

    def rewrite(self, graph: ir.Graph, node: ir.Node) -> bool:
        """Flips the kernel, exchanges its channels and turns the padding into a crop."""
        kernel = node.inputs[1]
        weight = constant(kernel)
        if weight is None or kernel is None or weight.ndim != 4:
            return False
        if not is_ordinary(node, strides={1}):
            return False
        outputs, inputs, *window = weight.shape
        if max(window) == 1 or outputs > MAX_OUTPUT_CHANNELS:
            return False
        if inputs < MIN_INPUT_CHANNELS_PER_OUTPUT * outputs:
            return False
        attributes = node.attributes
        pads = list(attributes["pads"].as_ints()) if "pads" in attributes else [0, 0, 0, 0]
        cut = [size - 1 - pad for size, pad in zip(window * 2, pads, strict=True)]
        if min(cut) < 0:
            return False
        flipped = weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
        node.op_type = "ConvTranspose"
        node.replace_input_with(1, initializer(graph, flipped, kernel))
        attributes["pads"] = ir.AttrInt64s("pads", cut)
        return True
