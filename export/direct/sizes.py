"""Sizes that are known only when the graph runs, as integers that know where they come from.

A layer's `call` is replayed with a number in the place of every unknown size. The number is a
`Size`: it remembers what it stands for, so that no constant of the model can be mistaken for it,
and it carries a second number, so that what depends on it can be told from what does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras


class Root:
    """A size that is read from a tensor of the graph: axis `axis` of what `bind` was given."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self.value: Any = None
        self.axis = 0

    def bind(self, value: Any, axis: int) -> None:
        """Says which value of the graph has this size, on which stored axis."""
        if self.value is None:
            self.value, self.axis = value, axis


@dataclass(frozen=True)
class Term:
    """`kind` of two sizes, of which one may be a plain integer."""

    kind: str
    left: Any
    right: Any


Atom = Root | Term


class Size(int):
    """An unknown size: `self` and `other` in two traces, `factor · ∏ atoms` in the graph."""

    other: int
    factor: int
    atoms: tuple[Atom, ...]

    @classmethod
    def of(cls, value: int, other: int, atom: Atom) -> Size:
        """Returns an unknown size for one root or term."""
        return cls._made(value, other, 1, (atom,))

    @classmethod
    def _made(cls, value: int, other: int, factor: int, atoms: tuple[Atom, ...]) -> Size:
        size = cls(value)
        size.other, size.factor, size.atoms = other, factor, atoms
        return size

    @property
    def root(self) -> Root | None:
        """The root that this size is, None where it is computed."""
        alone = self.factor == 1 and len(self.atoms) == 1
        return self.atoms[0] if alone and isinstance(self.atoms[0], Root) else None

    def __mul__(self, number: Any) -> Any:
        if isinstance(number, Size):
            atoms = tuple(sorted(self.atoms + number.atoms, key=id))
            factor = self.factor * number.factor
        elif _is_integer(number):
            if number == 0:
                return 0
            atoms, factor = self.atoms, self.factor * int(number)
        else:
            return int(self) * number
        return Size._made(int(self) * int(number), self.other * other(number), factor, atoms)

    __rmul__ = __mul__

    def __floordiv__(self, number: Any) -> Any:
        if _is_integer(number) and number != 0:
            factor, remaining = divmod(self.factor, getattr(number, "factor", int(number)))
            atoms = list(self.atoms)
            divides = remaining == 0
            for atom in getattr(number, "atoms", ()):
                divides = divides and atom in atoms
                if divides:
                    atoms.remove(atom)
            if divides:
                if not atoms:
                    return factor
                value, second = int(self) // int(number), self.other // other(number)
                return Size._made(value, second, factor, tuple(atoms))
        return _combined("Div", self, number, lambda a, b: a // b)

    def __rfloordiv__(self, number: Any) -> Any:
        return _combined("Div", number, self, lambda a, b: a // b)

    def __mod__(self, number: Any) -> Any:
        divides = _is_integer(number) and not isinstance(number, Size) and number != 0
        if divides and self.factor % int(number) == 0:
            return 0
        return _combined("Mod", self, number, lambda a, b: a % b)

    def __rmod__(self, number: Any) -> Any:
        return _combined("Mod", number, self, lambda a, b: a % b)

    def __add__(self, number: Any) -> Any:
        return self if _is_plain(number, 0) else _combined("Add", self, number, lambda a, b: a + b)

    __radd__ = __add__

    def __sub__(self, number: Any) -> Any:
        if _is_plain(number, 0):
            return self
        if isinstance(number, Size) and (self.factor, self.atoms) == (number.factor, number.atoms):
            return 0
        return _combined("Sub", self, number, lambda a, b: a - b)

    def __rsub__(self, number: Any) -> Any:
        return _combined("Sub", number, self, lambda a, b: a - b)

    def __neg__(self) -> Any:
        return self * -1

    def __pos__(self) -> Any:
        return self

    def __copy__(self) -> Size:
        return self

    def __deepcopy__(self, memo: Any) -> Size:
        return self

    def __reduce__(self) -> Any:
        return (int, (int(self),))


def _is_integer(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _is_plain(number: Any, value: int) -> bool:
    return _is_integer(number) and not isinstance(number, Size) and number == value


def _combined(kind: str, left: Any, right: Any, function: Callable[[int, int], int]) -> Any:
    if not _is_integer(left) or not _is_integer(right):
        return function(int(left) if isinstance(left, Size) else left, _plain(right))
    value, second = function(int(left), int(right)), function(other(left), other(right))
    return Size.of(value, second, Term(kind, left, right))


def _plain(number: Any) -> Any:
    return int(number) if isinstance(number, Size) else number


def other(size: Any) -> Any:
    """The size in the second trace."""
    return size.other if isinstance(size, Size) else size


def same(one: Any, two: Any) -> bool:
    """Whether two sizes are equal in both traces, and so in every run."""
    return bool(one == two and other(one) == other(two))


def sizes_in(structure: Any) -> Iterator[Size]:
    """Every unknown size in tensors, slices and numbers of a structure."""
    for leaf in keras.tree.flatten(structure):
        if isinstance(leaf, Size):
            yield leaf
        elif isinstance(leaf, slice):
            parts = (leaf.start, leaf.stop, leaf.step)
            yield from (part for part in parts if isinstance(part, Size))
        elif isinstance(leaf, keras.KerasTensor):
            yield from (size for size in leaf.shape if isinstance(size, Size))


def _first(leaf: Any) -> Any:
    """A number or a slice as Keras's shape inference knows it: a plain one."""
    if isinstance(leaf, slice):
        return slice(_first(leaf.start), _first(leaf.stop), _first(leaf.step))
    return _plain(leaf)


def _second(leaf: Any) -> Any:
    """A leaf as it is in the second trace."""
    if isinstance(leaf, Size):
        return leaf.other
    if isinstance(leaf, slice):
        return slice(_second(leaf.start), _second(leaf.stop), _second(leaf.step))
    if isinstance(leaf, keras.KerasTensor) and any(isinstance(s, Size) for s in leaf.shape):
        return keras.KerasTensor(tuple(map(other, leaf.shape)), leaf.dtype, leaf.sparse)
    if type(leaf) in (list, tuple):
        return type(leaf)(map(_second, leaf))
    return leaf


def output_spec(operation: Any, args: Any, kwargs: Any, infer: Callable[..., Any]) -> Any:
    """The outputs that Keras infers, with what depends on unknown sizes unknown again.

    Keras's shape inference computes with plain integers here and there: it is done in both traces,
    and a size that differs is either that of an input, or a new root, read from the output itself.

    Args:
        operation: The operation or layer.
        args: Its positional arguments, symbolic tensors among them.
        kwargs: Its keyword arguments.
        infer: `compute_output_spec` as a function of the operation and its arguments.
    """
    first_args, first_kwargs = keras.tree.map_structure(_first, (args, kwargs))
    outputs = infer(operation, *first_args, **first_kwargs)
    settings = {} if isinstance(operation, keras.Layer) else vars(operation)
    values = [value for key, value in settings.items() if not key.startswith("_")]
    given = list(sizes_in((args, kwargs, values)))
    if not given:
        return outputs
    again = operation
    if any(True for _ in sizes_in(values)):
        again = object.__new__(type(operation))  # copy.copy would save and load it
        for key, value in settings.items():
            vars(again)[key] = value if key.startswith("_") else _second(value)
    second_args, second_kwargs = keras.tree.map_structure(_second, (args, kwargs))
    seconds = keras.tree.flatten(infer(again, *second_args, **second_kwargs))
    for tensor, twin in zip(keras.tree.flatten(outputs), seconds, strict=True):
        if isinstance(tensor, keras.KerasTensor):
            pairs = zip(tensor.shape, twin.shape, strict=True)
            tensor._shape = tuple(_restored(one, two, given) for one, two in pairs)
    return outputs


def _restored(one: Any, two: Any, given: list[Size]) -> Any:
    if one is None or (isinstance(one, Size) and one.other == two):
        return one
    if one == two:
        return int(one)
    for size in given:
        if int(size) == one and size.other == two:
            return size
    return Size.of(int(one), int(two), Root())


def bind(shape: Any, value: Any, order: Any) -> None:
    """Binds the roots among the sizes of a tensor's shape to the value that holds the tensor."""
    for place, axis in enumerate(order):
        size = shape[axis]
        if isinstance(size, Size) and size.root is not None:
            size.root.bind(value, place)
