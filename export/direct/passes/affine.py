"""Folds a scale and shift per channel into the convolution or matrix product before it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx_ir as ir

PRODUCTS = ("Conv", "ConvTranspose", "Gemm")
ARITHMETIC = ("Add", "Sub", "Mul", "Div")


def fold_affine(graph: ir.Graph) -> int:
    """Fold batch normalization and arithmetic with constants; return how many nodes went."""
    folded = 0
    for node in list(graph):
        if node.op_type == "BatchNormalization" or node.op_type in ARITHMETIC:
            folded += _fold(graph, node)
    return folded


def constant(value: ir.Value | None) -> np.ndarray | None:
    """Return the array of an initializer, None for anything that depends on the inputs."""
    if value is None or not value.is_initializer() or value.const_value is None:
        return None
    return value.const_value.numpy()


def constants(node: ir.Node, indices: Iterable[int]) -> list[tuple[int, np.ndarray]] | None:
    """Return the arrays at some inputs of a node, with their places; None if one varies."""
    found = []
    for index in indices:
        array = constant(node.inputs[index])
        if array is None:
            return None
        found.append((index, array))
    return found


def initializer(graph: ir.Graph, array: np.ndarray, like: ir.Value) -> ir.Value:
    """Return a new initializer, named after the one it takes the place of."""
    base = like.name or "constant"
    name, count = f"{base}_folded", 0
    while name in graph.initializers:
        count += 1
        name = f"{base}_folded_{count}"
    array = np.ascontiguousarray(array)
    value = ir.Value(name=name, const_value=ir.tensor(array, name=name))
    value.shape, value.dtype = ir.Shape(array.shape), ir.DataType.from_numpy(array.dtype)
    graph.register_initializer(value)
    return value


def only_use(value: ir.Value) -> bool:
    """Tell whether a value is read once, and is no output of the graph."""
    return len(value.uses()) == 1 and not value.is_graph_output()


def _fold(graph: ir.Graph, node: ir.Node) -> bool:
    place = 0 if constant(node.inputs[0]) is None else 1
    source = node.inputs[place]
    if source is None or not only_use(source):
        return False
    product, repeats = _product(source)
    if product is None:
        return False
    weight = constant(product.inputs[1])
    bias_value = product.inputs[2] if len(product.inputs) > 2 else None
    bias = constant(bias_value)
    if weight is None or (bias_value is not None and bias is None):
        return False
    channels = _channels(product, weight)
    rank = 4 if repeats > 1 else weight.ndim
    affine = _affine(node, place, channels // repeats, rank)
    if affine is None:
        return False
    scale, shift = (np.repeat(vector, repeats) for vector in affine)
    if bias is None:
        bias = np.zeros(channels)
    # Folded in double precision: the product of two roundings would cost accuracy for nothing.
    new_weight = _scaled(product, weight.astype(np.float64), scale).astype(np.float32)
    new_bias = (bias.astype(np.float64) * scale + shift).astype(np.float32)
    if not (np.all(np.isfinite(new_weight)) and np.all(np.isfinite(new_bias))):
        return False
    product.resize_inputs(3)
    product.replace_input_with(1, initializer(graph, new_weight, product.inputs[1]))
    like = bias_value if bias_value is not None else product.inputs[1]
    product.replace_input_with(2, initializer(graph, new_bias, like))
    replace_by(graph, node, source)
    return True


def _product(value: ir.Value) -> tuple[ir.Node | None, int]:
    """Return the product that makes a value, and how many of its columns one channel has.

    A Reshape of a matrix into channels and space leaves the channels' columns side by side.
    """
    node = value.producer()
    if node is None:
        return None, 1
    if node.op_type in PRODUCTS:
        return node, 1
    target = constant(node.inputs[1]) if node.op_type == "Reshape" else None
    matrix = node.inputs[0].producer() if target is not None and len(target) == 4 else None
    if matrix is None or matrix.op_type != "Gemm" or not only_use(matrix.outputs[0]):
        return None, 1
    weight = constant(matrix.inputs[1])
    if weight is None or target is None:
        return None, 1
    inner = target[1:]
    if np.any(inner <= 0) or np.prod(inner) != weight.shape[1]:
        return None, 1
    return matrix, int(np.prod(inner[1:]))


def replace_by(graph: ir.Graph, node: ir.Node, value: ir.Value) -> None:
    """Remove a node; whoever read its output reads `value`."""
    output = node.outputs[0]
    is_output = output.is_graph_output()
    output.replace_all_uses_with(value, replace_graph_outputs=True)
    if is_output:
        value.name, value.type, value.shape = output.name, output.type, output.shape
    graph.remove(node, safe=True)


def _channels(product: ir.Node, weight: np.ndarray) -> int:
    if product.op_type == "Conv":
        return weight.shape[0]
    if product.op_type == "ConvTranspose":
        group = product.attributes.get("group")
        return weight.shape[1] * (group.as_int() if group is not None else 1)
    return weight.shape[1]


def _scaled(product: ir.Node, weight: np.ndarray, scale: np.ndarray) -> np.ndarray:
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
    """Return the scale and shift per channel that a node applies, None if it does no such thing."""
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
