"""Sizes that are known only when the graph runs, as integers that know where they come from.

A layer's `call` is replayed with a number in the place of every unknown size. The number is a
`Size`: it remembers what it stands for, so that no constant of the model can be mistaken for it,
and it carries a second number, so that what depends on it can be told from what does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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


@dataclass(frozen=True, eq=False)
class Term:
    """`kind` of two sizes, of which one may be a plain integer.

    Two are equal where the graph computes them alike. That their traces are is not enough: of two
    axes traced as 352 and 416, the first plus 64 is not the second.
    """

    kind: str
    left: Any
    right: Any

    def __eq__(self, term: object) -> bool:
        return isinstance(term, Term) and self.computation == term.computation

    def __hash__(self) -> int:
        return hash(self.computation)

    @property
    def computation(self) -> tuple[Any, ...]:
        return self.kind, *(
            (size.factor, size.atoms) if isinstance(size, Size) else size
            for size in (self.left, self.right)
        )


Atom = Root | Term


class Size(int):
    """An unknown size: `self` and `other` in two traces, `factor · ∏ atoms` in the graph."""

    other: int
    factor: int
    atoms: tuple[Atom, ...]

    @classmethod
    def of(cls, value: int, other: int, atom: Atom) -> Size:
        """Returns an unknown size for one root or term."""
        return cls.made(value, other, 1, (atom,))

    @classmethod
    def made(cls, value: int, other: int, factor: int, atoms: tuple[Atom, ...]) -> Size:
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
        return Size.made(int(self) * int(number), self.other * other(number), factor, atoms)

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
                return Size.made(value, second, factor, tuple(atoms))
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


def bind(shape: Any, value: Any, order: Any) -> None:
    """Binds the roots among the sizes of a tensor's shape to the value that holds the tensor."""
    for place, axis in enumerate(order):
        size = shape[axis]
        if isinstance(size, Size) and size.root is not None:
            size.root.bind(value, place)
