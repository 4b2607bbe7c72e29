"""The ONNX graph under construction: nodes, constants, axis orders, run-time sizes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from export.direct.tensor import (
    ONNX_TYPES,
    Dimension,
    Order,
    Shape,
    Tensor,
    float32,
    onnx_type,
    plain,
)

Operand: TypeAlias = Tensor | ir.Value | np.ndarray | None
"""Operands of a node: tensors in the Keras axis order, arrays as constants, None for nothing."""


class Graph:
    """Collects nodes; tensors carry their axis order and are transposed only on demand.

    The batch is traced as the prime number `batch`: a dimension that is a multiple of it is a
    multiple of the batch, and is read from the first input when the graph runs.
    """

    def __init__(self, opset: int, name: str, batch: int) -> None:
        self.opset = opset
        self.batch = batch
        self.ir = ir.Graph([], [], nodes=[], opset_imports={"": opset}, name=name)
        self._path: list[str] = []
        self._stored: dict[tuple, ir.Value] = {}
        self._names: dict[str, int] = {}
        self._batch_size: ir.Value | None = None
        self._batch_source: ir.Value | None = None

    @property
    def scope(self) -> str:
        """The names of the layers that are being converted, from outside in."""
        return "/".join(self._path) or str(self.ir.name)

    @contextmanager
    def inside(self, layer: str) -> Iterator[None]:
        """Names nodes after a layer for as long as the context lasts."""
        self._path.append(layer)
        try:
            yield
        finally:
            self._path.pop()

    def input(self, name: str, shape: Shape, dtype: str) -> Tensor:
        """Adds a graph input; its batch is named "batch", other unknown sizes after the input."""
        sizes = [
            "batch" if size == self.batch else f"{name}_{axis}" if size is None else size
            for axis, size in enumerate(shape)
        ]
        value = ir.Value(name=self.name(name), shape=ir.Shape(sizes), type=onnx_type(dtype))
        self.ir.inputs.append(value)
        if shape and shape[0] == self.batch and self._batch_source is None:
            self._batch_source = value
        return Tensor(value, shape, dtype, plain(len(shape)))

    def output(self, name: str, tensor: Tensor) -> None:
        """Adds a graph output, in the Keras axis order."""
        value = self.stored(tensor)
        if value.producer() is None or value.is_graph_output():
            value = self.emit("Identity", value)
        value.name = self.name(name)
        value.type = onnx_type(tensor.dtype)
        value.shape = self.annotation(tensor.shape)
        self.ir.outputs.append(value)

    def name(self, base: str) -> str:
        """Returns `base`, numbered if it is taken."""
        name = base
        while name in self._names:
            self._names[base] = self._names.get(base, 0) + 1
            name = f"{base}_{self._names[base]}"
        self._names[name] = 0
        return name

    def emit(self, operator: str, *inputs: Operand, outputs: int = 1, **attributes: Any) -> Any:
        """Appends a node and returns its output, or a list of its outputs; see `Operand`."""
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
        """Returns what a node reads for `value`; a tensor in the Keras axis order."""
        if isinstance(value, Tensor):
            return self.stored(value)
        if isinstance(value, np.ndarray):
            return self.constant(value)
        return value

    def constant(self, array: np.ndarray) -> ir.Value:
        """Returns an initializer that holds `array`."""
        array = np.ascontiguousarray(array) if array.ndim else array
        name = self.name(f"{self.scope}/constant")
        value = ir.Value(name=name, const_value=ir.tensor(array, name=name))
        value.shape, value.dtype = ir.Shape(array.shape), ir.DataType.from_numpy(array.dtype)
        self.ir.register_initializer(value)
        return value

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        """Returns `tensor` in another dtype; floating types are all float32."""
        dtype = float32(dtype)
        if dtype == tensor.dtype:
            return tensor
        if isinstance(tensor.value, np.ndarray):
            value: Any = tensor.value.astype(dtype)
        else:
            value = self.emit("Cast", tensor.value, to=int(ONNX_TYPES[dtype]))
        return Tensor(value, tensor.shape, dtype, tensor.order)

    def stored(self, tensor: Tensor, order: Order | None = None) -> ir.Value:
        """Returns the value of `tensor` with its axes in `order`, transposed where it must be."""
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
        """Transposes, as a Reshape where only axes of size one change place."""
        before = tensor.stored_shape
        moved = [axis for axis in permutation if before[axis] != 1]
        after = tuple(before[axis] for axis in permutation)
        if moved == sorted(moved) and sum(map(self.is_dynamic, after)) <= 1 and 0 not in after:
            return self.reshape(tensor.value, before, after)
        return self.emit("Transpose", tensor.value, perm=permutation)

    def reshape(self, value: Operand, before: Shape, after: Shape) -> ir.Value:
        """Reshapes a stored value; at most one unknown size may not come from the same position."""
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

    def annotation(self, shape: Shape) -> ir.Shape:
        """Returns a shape for the ONNX graph, its unknown sizes left open."""
        return ir.Shape(
            "batch" if size == self.batch else None if self.is_dynamic(size) else size
            for size in shape
        )

    def is_dynamic(self, size: Dimension) -> bool:
        """Whether a dimension is known only when the graph runs."""
        return size is None or (size > 0 and size % self.batch == 0)

    def sizes(self, shape: Shape) -> ir.Value:
        """Returns `shape` as an integer vector, its batch read when the graph runs."""
        if not any(map(self.is_dynamic, shape)):
            return self.constant(np.array(shape, np.int64))
        parts = []
        for size in shape:
            if size is None:
                raise NotImplementedError("a size that is known only when the graph runs")
            parts.append(self.size(size) if self.is_dynamic(size) else np.array([size], np.int64))
        return parts[0] if len(parts) == 1 else self.emit("Concat", *parts, axis=0)

    def size(self, size: int) -> ir.Value:
        """Returns a multiple of the batch as a vector of one integer; reads the first input."""
        if self._batch_size is None:
            self._batch_size = self.emit("Shape", self._batch_source, start=0, end=1)
        factor = size // self.batch
        if factor == 1:
            return self._batch_size
        return self.emit("Mul", self._batch_size, np.array([factor], np.int64))
