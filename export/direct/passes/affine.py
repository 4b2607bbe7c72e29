"""Scales and shifts per channel as weights of the convolution or matrix product before them."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from export.direct.passes.helpers import (
    NodePass,
    constant,
    constants,
    has_one_reader,
    initializer,
    replace_by,
)

PRODUCTS = {"Conv", "ConvTranspose", "Gemm"}
ARITHMETIC = {"Add", "Sub", "Mul", "Div"}


class FoldAffine(NodePass):
    """Folds batch normalization and arithmetic with constants into the product before them."""

    operators = {"BatchNormalization", *ARITHMETIC}

    def rewrite(self, graph: ir.Graph, node: ir.Node) -> bool:
        """Scales the weights and the bias of the product, and removes the node."""
        place = 0 if constant(node.inputs[0]) is None else 1
        source = node.inputs[place]
        if source is None or not has_one_reader(source):
            return False
        product, repeats = _product(source)
        weight = None if product is None else constant(product.inputs[1])
        if product is None or weight is None:
            return False
        channels = _channels(product, weight)
        rank = 4 if repeats > 1 else weight.ndim
        affine = _affine(node, place, channels // repeats, rank)
        if affine is None:
            return False
        scale, shift = (np.repeat(vector, repeats) for vector in affine)
        if not _fold(graph, product, weight, scale, shift):
            return False
        replace_by(graph, node, source)
        return True


def _fold(
    graph: ir.Graph, product: ir.Node, weight: np.ndarray, scale: np.ndarray, shift: np.ndarray
) -> bool:
    """Scales and shifts a product by its weights; returns whether they stay constant and finite."""
    given = product.inputs[2] if len(product.inputs) > 2 else None
    bias = np.zeros(scale.size) if given is None else constant(given)
    if bias is None:
        return False
    # Folded in double precision: the product of two roundings would cost accuracy for nothing.
    new_weight = _scaled(product, weight.astype(np.float64), scale).astype(np.float32)
    new_bias = (bias.astype(np.float64) * scale + shift).astype(np.float32)
    if not (np.all(np.isfinite(new_weight)) and np.all(np.isfinite(new_bias))):
        return False
    kernel = product.inputs[1]
    product.resize_inputs(3)
    product.replace_input_with(1, initializer(graph, new_weight, kernel))
    product.replace_input_with(2, initializer(graph, new_bias, kernel if given is None else given))
    return True


def _product(value: ir.Value) -> tuple[ir.Node | None, int]:
    """Returns the product that makes a value, and how many of its columns one channel has.

    A Reshape of a matrix into channels and space leaves the channels' columns side by side.
    """
    node = value.producer()
    if node is None:
        return None, 1
    if node.op_type in PRODUCTS:
        return node, 1
    target = constant(node.inputs[1]) if node.op_type == "Reshape" else None
    matrix = node.inputs[0].producer() if target is not None and len(target) == 4 else None
    if matrix is None or matrix.op_type != "Gemm" or not has_one_reader(matrix.outputs[0]):
        return None, 1
    weight = constant(matrix.inputs[1])
    if weight is None or target is None:
        return None, 1
    inner = target[1:]
    if np.any(inner <= 0) or np.prod(inner) != weight.shape[1]:
        return None, 1
    return matrix, int(np.prod(inner[1:]))


def _channels(product: ir.Node, weight: np.ndarray) -> int:
    """Returns how many channels or columns a product computes."""
    if product.op_type == "Conv":
        return weight.shape[0]
    if product.op_type == "ConvTranspose":
        group = product.attributes.get("group")
        return weight.shape[1] * (group.as_int() if group is not None else 1)
    return weight.shape[1]


def _scaled(product: ir.Node, weight: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Returns the weight of a product with each output channel multiplied by its scale."""
    if product.op_type == "Conv":
        return weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
    if product.op_type == "Gemm":
        return weight * scale
    inputs, outputs, *window = weight.shape
    groups = scale.size // outputs
    per_group = weight.reshape(groups, inputs // groups, outputs, *window)
    factor = scale.reshape(groups, 1, outputs, *[1] * len(window))
    return (per_group * factor).reshape(weight.shape)


def _affine(
    node: ir.Node, place: int, channels: int, rank: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns the scale and shift per channel of a node, None if it computes something else."""
    if node.op_type == "BatchNormalization":
        given = constants(node, range(1, 5))
        if place or given is None:
            return None
        gamma, beta, mean, variance = (array.astype(np.float64) for _, array in given)
        scale = gamma / np.sqrt(variance + node.attributes["epsilon"].as_float())
        return scale, beta - mean * scale
    number = constant(node.inputs[1 - place])
    if number is None or number.dtype != np.float32 or number.ndim > rank:
        return None
    padded = number.reshape(*[1] * (rank - number.ndim), *number.shape)
    if padded.size not in (1, channels) or padded.size != padded.shape[1]:
        return None
    vector = np.broadcast_to(padded.ravel(), channels).astype(np.float64)
    one, zero = np.ones(channels), np.zeros(channels)
    if node.op_type == "Add":
        return one, vector
    if node.op_type == "Mul":
        return vector, zero
    if node.op_type == "Sub":
        return (one, -vector) if place == 0 else (-one, vector)
    return (1.0 / vector, zero) if place == 0 and np.all(vector) else None
