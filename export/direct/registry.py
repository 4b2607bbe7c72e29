"""The tables of handlers: Keras operations, Keras layers, and rewrites in simpler operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Handler = Callable[..., Any]

OPERATIONS: dict[str, Handler] = {}
LAYERS: dict[str, Handler] = {}
REWRITES: dict[str, Handler] = {}
REFUSALS: dict[str, str] = {}
CASES: list[Case] = []


@dataclass(frozen=True)
class Array:
    """An argument of a test case that is drawn at random: shape, dtype and range."""

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


def array(*shape: int, dtype: str = "float32", low: float = -2.0, high: float = 2.0) -> Array:
    """Describe a random argument."""
    return Array(shape, dtype, low, high)


def case(function: str, *arguments: Any, batched: bool = True, **keywords: Any) -> Case:
    """Describe one call, to be declared beside the handler that converts it."""
    return Case(function, arguments, keywords, batched)


def _register(table: dict[str, Handler], names: Sequence[str], cases: Sequence[Case]) -> Any:
    def decorate(handler: Handler) -> Handler:
        for name in names:
            table[name] = handler
        CASES.extend(cases)
        return handler

    return decorate


def operation(*names: str, cases: Sequence[Case] = ()) -> Any:
    """Register the handler of the Keras operations with these class names.

    It is called as `handler(call, *args, **kwargs)` with the arguments of the operation, tensors as
    `Tensor`, and returns an `onnx_ir.Value` in the Keras axis order, a `Stored`, or a list of them.
    """
    return _register(OPERATIONS, names, cases)


def layer(*names: str, cases: Sequence[Case] = ()) -> Any:
    """Register the handler of the Keras layers with these class names; see `operation`."""
    return _register(LAYERS, names, cases)


def rewrite(*names: str, cases: Sequence[Case] = ()) -> Any:
    """Register what Keras operations amount to in other Keras operations.

    The function gets the operation and its arguments, and returns symbolic tensors.
    """
    return _register(REWRITES, names, cases)


def refuse(*names: str, advice: str) -> None:
    """Register what to do instead of Keras operations that ONNX has no equivalent of."""
    REFUSALS.update(dict.fromkeys(names, advice))
