"""The tables of handlers and decompositions, by class names of Keras operations and layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import NotImplementedType
from typing import Any, TypeAlias

from export.direct.tensor import Stored

Result: TypeAlias = Stored | Sequence[Stored] | NotImplementedType
"""One value, or one for each output; `NotImplemented` leaves the call to its decomposition."""

Handler: TypeAlias = Callable[..., Result]
Decomposition: TypeAlias = Callable[..., Any]

OPERATIONS: dict[str, Handler] = {}
LAYERS: dict[str, Handler] = {}
DECOMPOSITIONS: dict[str, Decomposition] = {}
LAYER_DECOMPOSITIONS: dict[str, Decomposition] = {}
UNSUPPORTED: dict[str, str] = {}
"""Operations without an ONNX equivalent, and what to do instead."""


@dataclass(frozen=True)
class Array:
    """A random argument of a test case: shape, dtype and range."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    low: float = -2.0
    high: float = 2.0


@dataclass(frozen=True)
class Case:
    """A call of a `keras.ops` function (or of a layer) that Keras and ONNX must agree on.

    `function` is its name below `keras.ops`; arrays among the arguments become graph inputs, the
    first axis of each being the batch when `batched`.
    """

    function: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any] = field(default_factory=dict)
    batched: bool = True


Cases: TypeAlias = Callable[[], Sequence[Case]]

_CASES: list[Cases] = []


def cases() -> list[Case]:
    """Returns the test cases that are declared beside the handlers; builds them first."""
    return [case for declared in _CASES for case in declared()]


def array(*shape: int, dtype: str = "float32", low: float = -2.0, high: float = 2.0) -> Array:
    """Describes a random argument."""
    return Array(shape, dtype, low, high)


def case(function: str, *arguments: Any, batched: bool = True, **keywords: Any) -> Case:
    """Describes one call, to be declared beside the handler that converts it."""
    return Case(function, arguments, keywords, batched)


def operation(*names: str, cases: Cases | None = None) -> Any:
    """Registers the handler of the Keras operations with these class names.

    It is called as `handler(call, *args, **kwargs)` with the arguments of the operation, tensors as
    `Tensor`, and returns a `Result`.

    Args:
        *names: Class names of operations.
        cases: Builds the calls that Keras and ONNX must agree on.
    """
    return _registration(OPERATIONS, names, cases)


def layer(*names: str, cases: Cases | None = None) -> Any:
    """Registers the handler of the Keras layers with these class names; see `operation`."""
    return _registration(LAYERS, names, cases)


def decomposition(*names: str, cases: Cases | None = None) -> Any:
    """Registers a function that computes Keras operations by other Keras operations.

    It is called as `function(operation, *args, **kwargs)` with symbolic tensors, and returns such.
    """
    return _registration(DECOMPOSITIONS, names, cases)


def layer_decomposition(*names: str, cases: Cases | None = None) -> Any:
    """Registers a function that computes Keras layers by operations, instead of their `call`."""
    return _registration(LAYER_DECOMPOSITIONS, names, cases)


def register_unsupported(*names: str, advice: str) -> None:
    """Registers operations that ONNX has no equivalent of, and what to do instead."""
    UNSUPPORTED.update(dict.fromkeys(names, advice))


def _registration(table: dict[str, Any], names: Sequence[str], cases: Cases | None) -> Any:
    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        table.update(dict.fromkeys(names, handler))
        if cases is not None:
            _CASES.append(cases)
        return handler

    return register
