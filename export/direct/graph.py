"""The ONNX graph under construction: nodes, constants, axis orders, run-time sizes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from export.direct.tensor import (
    Dimension,
    Order,
    Shape,
    Stored,
    Tensor,
    matching_groups,
    plain,
)

TYPES = {
    "float32": ir.DataType.FLOAT,
    "bool": ir.DataType.BOOL,
    **{
        f"{sign}int{bits}": ir.DataType[f"{sign}int{bits}".upper()]
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}


def tensor_type(dtype: str) -> ir.TensorType:
    """Return the ONNX type of a tensor of a Keras dtype."""
    return ir.TensorType(TYPES[dtype])


Operand: TypeAlias = Tensor | ir.Value | np.ndarray | None


class Graph:
    """Collects nodes; tensors carry their axis order and are transposed only on demand.

    The batch is traced as the prime number `batch`: a dimension that is a multiple of it is a
    multiple of the batch, and is read from the first input when the graph runs.
    """

    def __init__(self, opset: int, name: str, batch: int) -> None:
        self.opset = opset
        self.batch = batch
        self.scope = name
        self.ir = ir.Graph([], [], nodes=[], opset_imports={"": opset}, name=name)
        self._constants: dict[tuple, ir.Value] = {}
        self._stored: dict[tuple, ir.Value] = {}
        self._names: dict[str, int] = {}
        self._batch_size: ir.Value | None = None
        self._batch_source: ir.Value | None = None

    def input(self, name: str, shape: Shape, dtype: str) -> Tensor:
        """Add a graph input; its batch is named "batch", other unknown sizes after the input."""
        sizes = [
            "batch" if size == self.batch else f"{name}_{axis}" if size is None else size
            for axis, size in enumerate(shape)
        ]
        value = ir.Value(name=self.name(name), shape=ir.Shape(sizes), type=tensor_type(dtype))
        self.ir.inputs.append(value)
        if shape and shape[0] == self.batch and self._batch_source is None:
            self._batch_source = value
        return Tensor(value, shape, dtype, plain(len(shape)))

    def output(self, name: str, tensor: Tensor) -> None:
        """Add a graph output, in the Keras axis order."""
        value = self.stored(tensor)
        if value.producer() is None or value.is_graph_output():
            value = self.emit("Identity", value)
        value.name = self.name(name)
        value.type = tensor_type(tensor.dtype)
        value.shape = self.annotation(tensor.shape)
        self.ir.outputs.append(value)

    def name(self, base: str) -> str:
        """Return `base`, numbered when it was given out before."""
        name = base
        while name in self._names:
            self._names[base] = self._names.get(base, 0) + 1
            name = f"{base}_{self._names[base]}"
        self._names[name] = 0
        return name

    def emit(self, operator: str, *inputs: Operand, outputs: int = 1, **attributes: Any) -> Any:
        """Append a node and return its output, a list of them where there are several.

        Tensors are given to the node in their Keras axis order, arrays as constants.
        """
        name = self.name(f"{self.scope}/{operator}")
        node = ir.node(
            operator,
            [self.operand(value) for value in inputs],
            {key: value for key, value in attributes.items() if value is not None},
            num_outputs=outputs,
            name=name,
        )
        for index, output in enumerate(node.outputs):
            output.name = name if outputs == 1 else f"{name}:{index}"
        self.ir.append(node)
        return node.outputs[0] if outputs == 1 else list(node.outputs)

    def operand(self, value: Operand) -> ir.Value | None:
        """Return what a node reads for `value`; a tensor in the Keras axis order."""
        if isinstance(value, Tensor):
            return self.stored(value)
        if isinstance(value, np.ndarray):
            return self.constant(value)
        return value

    def constant(self, array: np.ndarray) -> ir.Value:
        """Return an initializer that holds `array`; equal arrays share one."""
        array = np.ascontiguousarray(array) if array.ndim else array
        key = (array.dtype.name, array.shape, blake2b(array.tobytes()).digest())
        if key not in self._constants:
            name = self.name(f"{self.scope}/constant")
            value = ir.Value(name=name, const_value=ir.tensor(array, name=name))
            value.shape, value.dtype = ir.Shape(array.shape), ir.DataType.from_numpy(array.dtype)
            self.ir.register_initializer(value)
            self._constants[key] = value
        return self._constants[key]

    def stored(self, tensor: Tensor, order: Order | None = None) -> ir.Value:
        """Return the value of `tensor` with its axes in `order`, transposed only if need be."""
        order = plain(tensor.rank) if order is None else order
        permutation = tuple(tensor.order.index(axis) for axis in order)
        if isinstance(tensor.value, np.ndarray):
            return self.constant(tensor.value.transpose(permutation))
        if permutation == plain(tensor.rank):
            return tensor.value
        key = (id(tensor.value), permutation)
        if key not in self._stored:
            self._stored[key] = self._permuted(tensor, permutation)
        return self._stored[key]

    def _permuted(self, tensor: Tensor, permutation: Order) -> ir.Value:
        """Transpose, as a Reshape where only axes of size one change place."""
        before = tensor.stored_shape
        moved = [axis for axis in permutation if before[axis] != 1]
        after = tuple(before[axis] for axis in permutation)
        if moved == sorted(moved) and sum(map(self.is_dynamic, after)) <= 1 and 0 not in after:
            return self.reshape(tensor.value, before, after)
        return self.emit("Transpose", tensor.value, perm=permutation)

    def annotation(self, shape: Shape) -> ir.Shape:
        """Return a shape for the ONNX graph, its unknown sizes left open."""
        return ir.Shape(
            "batch" if size == self.batch else None if self.is_dynamic(size) else size
            for size in shape
        )

    def is_dynamic(self, size: Dimension) -> bool:
        """Tell whether a dimension is known only when the graph runs."""
        return size is None or (size > 0 and size % self.batch == 0)

    def reshape(self, value: Operand, before: Shape, after: Shape) -> ir.Value:
        """Reshape a stored value; at most one unknown size may not come from the same position."""
        sizes = [
            0 if self.is_dynamic(size) and index < len(before) and before[index] == size else size
            for index, size in enumerate(after)
        ]
        unknown = [index for index, size in enumerate(sizes) if self.is_dynamic(size)]
        if 0 not in after and len(unknown) > 1 and after.count(None) == 1:
            # The multiples of the batch are read when the graph runs, the rest follows from them.
            known = tuple(-1 if size is None else size for size in after)
            return self.emit("Reshape", value, self.sizes(known))
        if 0 in after or len(unknown) > 1:
            return self.emit("Reshape", value, self.sizes(after), allowzero=1)
        for index in unknown:
            sizes[index] = -1
        return self.emit("Reshape", value, np.array(sizes, np.int64))

    def regroup(self, tensor: Tensor, shape: Shape) -> Stored:
        """Reshape in Keras's sense, without transposing where the axis order allows it.

        An image that becomes a sequence is transposed all the same: what reads sequences
        (attention, layer normalization, matrix products) wants the channels last.
        """
        if tensor.rank > 3 and len(shape) == 3:
            tensor = Tensor(self.stored(tensor), tensor.shape, tensor.dtype, plain(tensor.rank))
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
            return Stored(self.reshape(tensor.value, tensor.stored_shape, stored), order)
        return Stored(self.reshape(self.stored(tensor), tensor.shape, shape), plain(len(shape)))

    def batch_size(self) -> ir.Value:
        """Return the batch, a vector of one integer, read from the first input that has one."""
        if self._batch_size is None:
            self._batch_size = self.emit("Shape", self._batch_source, start=0, end=1)
        return self._batch_size

    def sizes(self, shape: Shape) -> ir.Value:
        """Return `shape` as an integer vector, its batch read when the graph runs."""
        if not any(map(self.is_dynamic, shape)):
            return self.constant(np.array(shape, np.int64))
        parts = []
        for size in shape:
            if size is None:
                raise NotImplementedError("a size that is known only when the graph runs")
            parts.append(self.size(size) if self.is_dynamic(size) else np.array([size], np.int64))
        return parts[0] if len(parts) == 1 else self.emit("Concat", *parts, axis=0)

    def size(self, size: int) -> ir.Value:
        """Return a multiple of the batch as a vector of one integer."""
        factor = size // self.batch
        if factor == 1:
            return self.batch_size()
        return self.emit("Mul", self.batch_size(), np.array([factor], np.int64))

    def broadcast(self, tensors: Sequence[Tensor]) -> tuple[list[ir.Value], Order]:
        """Return the values of `tensors` in one common order, ready for a broadcasting operator.

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
        return [self._aligned(tensor, order) for tensor in tensors], order

    def _aligned(self, tensor: Tensor, order: Order) -> ir.Value:
        missing = len(order) - tensor.rank
        inner = tuple(axis - missing for axis in order if axis >= missing)
        value = self.stored(tensor, inner)
        if tensor.rank == 0 or order[missing:] == tuple(axis + missing for axis in inner):
            return value
        # The missing leading axes are not in front in this order: spell them out.
        axes = np.array([place for place, axis in enumerate(order) if axis < missing], np.int64)
        if isinstance(tensor.value, np.ndarray):
            stored = tensor.value.transpose([tensor.order.index(axis) for axis in inner])
            return self.constant(np.expand_dims(stored, tuple(axes)))
        return self.emit("Unsqueeze", value, axes)
