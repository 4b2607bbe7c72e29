"""The ONNX graph under construction: nodes, constants, axis orders, run-time sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from export.direct import sizes
from export.direct.sizes import Root, Size, Term, same
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
from export.errors import UnsupportedOperation

Operand: TypeAlias = Tensor | ir.Value | np.ndarray | None
"""Operands of a node: tensors in the Keras axis order, arrays as constants, None for nothing."""


class Graph:
    """Collects nodes; tensors carry their axis order and are transposed only on demand.

    Unknown sizes are traced as `Size`: those of inputs are read from the inputs when the graph
    runs, others are computed from them, or read from the tensor that has them.
    """

    def __init__(self, opset: int, name: str) -> None:
        self.opset = opset
        self.ir = ir.Graph([], [], nodes=[], opset_imports={"": opset}, name=name)
        self._top = self.ir
        self._path: list[str] = []
        self._stored: dict[tuple, ir.Value] = {}
        self._names: dict[str, int] = {}
        self._sizes: dict[Any, ir.Value] = {}
        self.unknown: dict[int, Size] = {}

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
        """Adds a graph input; its unknown sizes are roots, read from it when the graph runs."""
        value = ir.Value(name=self.name(name), type=onnx_type(dtype))
        value.shape = self.annotation(shape)
        self.ir.inputs.append(value)
        sizes.bind(shape, value, plain(len(shape)))
        self.unknown.update({int(size): size for size in shape if isinstance(size, Size)})
        return Tensor(value, shape, dtype, plain(len(shape)))

    def output(self, name: str, tensor: Tensor) -> None:
        """Adds a graph output, in the Keras axis order, under a name that is reserved."""
        value = self.stored(tensor)
        if value.producer() is None or value.is_graph_output():
            value = self.emit("Identity", value)
        value.name = name
        value.type = onnx_type(tensor.dtype)
        value.shape = self.annotation(tensor.shape)
        self.ir.outputs.append(value)

    def reserve(self, names: Sequence[str]) -> None:
        """Keeps names from the nodes: those of the outputs, which are made last."""
        self._names.update(dict.fromkeys(names, 0))

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
        self._top.register_initializer(value)
        return value

    @contextmanager
    def body(self, name: str) -> Iterator[ir.Graph]:
        """Collects the nodes of a body, of a loop or a branch, for as long as the context lasts.

        A body reads values and constants of the graphs around it; they read nothing of it.
        """
        outer, stored, known = self.ir, dict(self._stored), dict(self._sizes)
        self.ir = ir.Graph([], [], nodes=[], name=self.name(f"{self.scope}/{name}"))
        try:
            yield self.ir
        finally:
            self.ir, self._stored, self._sizes = outer, stored, known

    def parameter(self, like: Tensor, shape: Shape) -> Tensor:
        """Adds an input to the body, of the dtype of a tensor."""
        value = ir.Value(name=self.name(f"{self.scope}/item"), type=onnx_type(like.dtype))
        value.shape = ir.Shape([None if self.is_dynamic(size) else size for size in shape])
        self.ir.inputs.append(value)
        return Tensor(value, shape, like.dtype, plain(len(shape)))

    def result(self, tensor: Tensor) -> None:
        """Adds an output to the body, in the Keras axis order."""
        value = self.emit("Identity", self.stored(tensor))
        value.type = onnx_type(tensor.dtype)
        value.shape = ir.Shape([None if self.is_dynamic(n) else n for n in tensor.shape])
        self.ir.outputs.append(value)

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        """Returns `tensor` in another dtype; floating types are all float32."""
        dtype = float32(dtype)
        if dtype == tensor.dtype:
            return tensor
        if dtype not in ONNX_TYPES:
            advice = "Compute it in another type, or export the model before it is quantized."
            raise UnsupportedOperation(self.scope, f"the dtype {dtype}", advice)
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
            0
            if self.is_dynamic(size) and index < len(before) and same(before[index], size)
            else size
            for index, size in enumerate(after)
        ]
        unknown = [index for index, size in enumerate(sizes) if self.is_dynamic(size)]
        inferred = [index for index in unknown if not self._is_readable(after[index])]
        if 0 not in after and len(unknown) > 1 and len(inferred) == 1:
            # The other sizes are read when the graph runs, this one follows from them.
            known = tuple(-1 if index in inferred else size for index, size in enumerate(after))
            return self.emit("Reshape", value, self.sizes(known))
        if 0 in after or len(unknown) > 1:
            return self.emit("Reshape", value, self.sizes(after), allowzero=1)
        for index in unknown:
            sizes[index] = -1
        return self.emit("Reshape", value, np.array(sizes, np.int64))

    def annotation(self, shape: Shape) -> ir.Shape:
        """Returns a shape for the ONNX graph, its unknown sizes left open."""
        return ir.Shape(
            (size.root.name if size.root else None) if isinstance(size, Size) else size
            for size in shape
        )

    def is_dynamic(self, size: Dimension) -> bool:
        """Whether a dimension is known only when the graph runs."""
        return size is None or isinstance(size, Size)

    def _is_readable(self, size: Any) -> bool:
        """Whether an unknown size can be computed from what the graph has so far."""
        if isinstance(size, Term):
            return self._is_readable(size.left) and self._is_readable(size.right)
        if isinstance(size, Root):
            return size.value is not None
        if isinstance(size, Size):
            return all(map(self._is_readable, size.atoms))
        return size is not None

    def sizes(self, shape: Shape) -> ir.Value:
        """Returns `shape` as an integer vector, its batch read when the graph runs."""
        if not any(map(self.is_dynamic, shape)):
            return self.constant(np.array(shape, np.int64))
        parts = []
        for size in shape:
            parts.append(self.size(size))
        return parts[0] if len(parts) == 1 else self.emit("Concat", *parts, axis=0)

    def size(self, size: Dimension) -> Any:
        """Returns a size as a vector of one integer: an array, or a value where it is unknown."""
        if not self._is_readable(size):
            raise NotImplementedError("a size that is known only when the graph runs")
        if not isinstance(size, Size):
            return np.array([size], np.int64)
        key = (size.factor, size.atoms)
        if key not in self._sizes:
            first, *rest = map(self._atom, size.atoms)
            for value in rest:
                first = self.emit("Mul", first, value)
            if size.factor != 1:
                first = self.emit("Mul", first, np.array([size.factor], np.int64))
            self._sizes[key] = first
        return self._sizes[key]

    def _atom(self, atom: Root | Term) -> ir.Value:
        if atom not in self._sizes:
            self._sizes[atom] = self._computed(atom)
        return self._sizes[atom]

    def _computed(self, atom: Root | Term) -> ir.Value:
        if isinstance(atom, Root):
            return self.emit("Shape", atom.value, start=atom.axis, end=atom.axis + 1)
        left, right = self.size(atom.left), self.size(atom.right)
        if atom.kind != "Div":
            return self.emit(atom.kind, left, right)
        # ONNX's integer division rounds towards zero, Python's down: the remainder goes first.
        return self.emit("Div", self.emit("Sub", left, self.emit("Mod", left, right)), right)
