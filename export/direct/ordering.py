"""Axis orders of several tensors, or of one whose axes are regrouped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from export.direct.graph import Graph
from export.direct.tensor import Order, Shape, Stored, Tensor, matching_groups, plain


def regrouped(graph: Graph, tensor: Tensor, shape: Shape) -> Stored:
    """Reshapes in Keras's sense, without transposing where the axis order allows it.

    An image that becomes a sequence is transposed all the same: the operators that read sequences
    (attention, layer normalization, matrix products) need the channels last.
    """
    if tensor.rank > 3 and len(shape) == 3:
        tensor = Tensor(graph.stored(tensor), tensor.shape, tensor.dtype, plain(tensor.rank))
    groups = matching_groups(tensor.shape, shape)
    placed = []
    for source, target in groups:
        wide = [axis for axis in source if tensor.shape[axis] != 1]
        places = [tensor.order.index(axis) for axis in wide or source]
        if places and places != list(range(places[0], places[0] + len(places))):
            break
        placed.append((places[0] if places else -1, target))
    else:
        placed.sort(key=lambda entry: entry[0])
        order = tuple(axis for _, target in placed for axis in target)
        stored = tuple(shape[axis] for axis in order)
        return Stored(graph.reshape(tensor.value, tensor.stored_shape, stored), order)
    return Stored(graph.reshape(graph.stored(tensor), tensor.shape, shape), plain(len(shape)))


def broadcast(graph: Graph, tensors: Sequence[Tensor]) -> tuple[list[ir.Value], Order]:
    """Returns the values of `tensors` in one common order, ready for a broadcasting operator.

    The order is that of the tensor with the most axes that are not of size one; among equals a
    permuted one wins, because the plain one is likely to come from a Dense that can absorb it.
    """
    rank = max(tensor.rank for tensor in tensors)

    def weight(tensor: Tensor) -> tuple[bool, int, int, bool]:
        varies = not isinstance(tensor.value, np.ndarray)
        wide = sum(size != 1 for size in tensor.shape)
        return (varies, tensor.rank, wide, tensor.order != plain(tensor.rank))

    leader = max(tensors, key=weight)
    missing = rank - leader.rank
    order = (*plain(missing), *(axis + missing for axis in leader.order))
    return [_aligned(graph, tensor, order) for tensor in tensors], order


def _aligned(graph: Graph, tensor: Tensor, order: Order) -> ir.Value:
    missing = len(order) - tensor.rank
    inner = tuple(axis - missing for axis in order if axis >= missing)
    value = graph.stored(tensor, inner)
    if tensor.rank == 0 or order[missing:] == tuple(axis + missing for axis in inner):
        return value
    # The missing leading axes are not in front in this order: spell them out.
    axes = np.array([place for place, axis in enumerate(order) if axis < missing], np.int64)
    if isinstance(tensor.value, np.ndarray):
        stored = tensor.value.transpose([tensor.order.index(axis) for axis in inner])
        return graph.constant(np.expand_dims(stored, tuple(axes)))
    return graph.emit("Unsqueeze", value, axes)
