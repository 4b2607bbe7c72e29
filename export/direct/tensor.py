"""A tensor of the Keras graph: its ONNX value and the axis order that the value is stored in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import onnx_ir as ir

Dimension = int | None
Shape = tuple[Dimension, ...]
Order = tuple[int, ...]

# All floating-point tensors are float32, under every precision policy of the model.
FLOATS = ("float16", "bfloat16", "float32", "float64")
# Keras dtype → ONNX type.
ONNX_TYPES = {
    "float32": ir.DataType.FLOAT,
    "bool": ir.DataType.BOOL,
    **{
        f"{sign}int{bits}": ir.DataType[f"{sign}int{bits}".upper()]
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}


@dataclass(frozen=True, eq=False)
class Tensor:
    """A Keras tensor (`shape`, `dtype`) and the ONNX value that holds it (`value`, `order`).

    Axis `i` of `value` is axis `order[i]` of the Keras tensor: an image stored channels first has
    shape `(batch, height, width, channels)` and order `(0, 3, 1, 2)`. Transposing changes the order
    and emits nothing; a Transpose node appears only where an operator needs another order.
    A constant holds an array instead of a value. `mask` is the Keras mask of the tensor.
    """

    value: ir.Value | np.ndarray
    shape: Shape
    dtype: str
    order: Order
    mask: Tensor | None = None

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def stored_shape(self) -> Shape:
        return tuple(self.shape[axis] for axis in self.order)

    @property
    def array(self) -> np.ndarray | None:
        """The constant in the Keras axis order, None if the value depends on the inputs."""
        if isinstance(self.value, np.ndarray):
            return self.value.transpose(np.argsort(self.order))
        return None


class Stored(NamedTuple):
    """The result of a handler: a value, and the order that its axes are in."""

    value: ir.Value
    order: Order


def onnx_type(dtype: str) -> ir.TensorType:
    """Returns the ONNX type of a tensor of a Keras dtype."""
    return ir.TensorType(ONNX_TYPES[dtype])


def plain(rank: int) -> Order:
    """Returns the order in which Keras itself keeps the axes."""
    return tuple(range(rank))


def channels_second(rank: int) -> Order:
    """Returns the order in which ONNX convolutions read a channels-last tensor."""
    return (0, rank - 1, *range(1, rank - 1))


def float32(dtype: str) -> str:
    """Returns `dtype`, with every floating type replaced by float32."""
    return "float32" if dtype in FLOATS else dtype


def is_float(dtype: str) -> bool:
    """Whether `dtype` is one of the floating types."""
    return dtype in FLOATS


def constant(array: np.ndarray) -> Tensor:
    """Returns an array as a tensor; floating types become float32."""
    array = np.asarray(array)
    dtype = float32(array.dtype.name)
    array = np.asarray(array, dtype)
    return Tensor(array, array.shape, dtype, plain(array.ndim))


def without(order: Order, axes: Sequence[int]) -> Order:
    """Returns the order of what is left when logical `axes` are removed."""
    kept = sorted(set(order) - set(axes))
    return tuple(kept.index(axis) for axis in order if axis in kept)


def normal_axes(axes: int | Sequence[int] | None, rank: int) -> tuple[int, ...]:
    """Returns `axes` as a tuple of non-negative numbers; None stands for all of them."""
    if axes is None:
        return plain(rank)
    listed = [axes] if isinstance(axes, int) else list(axes)
    return tuple(axis % rank for axis in listed)


def matching_groups(
    source: Sequence[Dimension], target: Sequence[Dimension]
) -> list[tuple[list[int], list[int]]]:
    """Splits two shapes of equal size into the smallest runs of axes of equal size.

    `(2, 3, 4)` against `(6, 4)` gives `[([0, 1], [0]), ([2], [1])]`. Runs are found from both ends;
    unknown sizes stay together in the middle.
    """
    start_source, start_target = 0, 0
    front: list[tuple[list[int], list[int]]] = []
    for stop_source, stop_target in _equal_runs(source, target):
        front.append(
            (list(range(start_source, stop_source)), list(range(start_target, stop_target)))
        )
        start_source, start_target = stop_source, stop_target
    back: list[tuple[list[int], list[int]]] = []
    end_source, end_target = len(source), len(target)
    rest_source, rest_target = source[start_source:], target[start_target:]
    for from_end_source, from_end_target in _equal_runs(rest_source[::-1], rest_target[::-1]):
        begin_source, begin_target = len(source) - from_end_source, len(target) - from_end_target
        back.insert(
            0, (list(range(begin_source, end_source)), list(range(begin_target, end_target)))
        )
        end_source, end_target = begin_source, begin_target
    middle = (list(range(start_source, end_source)), list(range(start_target, end_target)))
    if middle == ([], []):
        return front + back
    return [*front, middle, *back]


def _equal_runs(
    source: Sequence[Dimension], target: Sequence[Dimension]
) -> Iterator[tuple[int, int]]:
    """Yields the ends of successive runs of equal known size, until a size is unknown or zero."""
    i = j = 0
    while i < len(source) and j < len(target):
        left, right = source[i], target[j]
        i, j = i + 1, j + 1
        while left and right and left != right:
            more = source[i : i + 1] if left < right else target[j : j + 1]
            if not more or more[0] is None:
                return
            if left < right:
                left, i = left * more[0], i + 1
            else:
                right, j = right * more[0], j + 1
        if not left or not right:
            return
        yield i, j
