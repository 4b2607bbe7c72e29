"""Tensors that a replayed `call` makes of sizes: ranges, zeros, masks, numbers.

A backend would make them at once, as long as the trace; here they are made when the graph runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from export.direct.constants import lift, scalar_size
from export.direct.graph import Graph
from export.direct.inference import sizes_in
from export.direct.sizes import Root, Size, bind, other
from export.direct.tensor import Tensor, plain

Maker = Callable[[Graph], Tensor]
_MAKER = "_genzoo_maker"


def made(shape: Any, dtype: str, maker: Maker) -> keras.KerasTensor:
    """A symbolic tensor that the graph makes, of nothing but sizes and constants."""
    symbol = keras.KerasTensor(shape, dtype)
    setattr(symbol, _MAKER, maker)
    return symbol


def created(graph: Graph, symbol: keras.KerasTensor) -> Tensor:
    """The tensor of a symbol that was `made`.

    Raises:
        KeyError: It was not; Keras's graph has no producer for it.
    """
    if not hasattr(symbol, _MAKER):
        raise KeyError(f"{symbol} has no producer")
    return getattr(symbol, _MAKER)(graph)


def symbolic(function: Callable[..., Any], name: str, args: Any, kwargs: Any) -> Any:
    """The result of an operation of `keras.ops` that is given unknown sizes, and no symbols."""
    if name in CREATORS:
        return CREATORS[name](*args, **kwargs)
    leaves = keras.tree.flatten((args, kwargs))
    if any(_is_array(leaf) for leaf in leaves):
        args, kwargs = keras.tree.map_structure(_constant, (args, kwargs))
    else:
        args = [scalar(value) if isinstance(value, Size) else value for value in args]
    return function(*args, **kwargs)


def scalar(value: Any, dtype: str | None = None) -> Any:
    """A number, symbolic where it is an unknown size."""
    if isinstance(value, Size):
        kind = keras.backend.standardize_dtype(dtype or "int32")
        return made((), kind, lambda graph: scalar_size(graph, value, kind))
    return value


def _is_array(leaf: Any) -> bool:
    if isinstance(leaf, (Size, slice)):
        return False
    return isinstance(leaf, (np.ndarray, keras.Variable)) or bool(ops.is_tensor(leaf))


def _constant(leaf: Any) -> Any:
    if not _is_array(leaf):
        return leaf
    dtype = keras.backend.standardize_dtype(leaf.dtype)
    return made(tuple(leaf.shape), dtype, lambda graph: lift(graph, leaf))


def constant_item(variable: Any, key: Any) -> Any:
    """A part of a variable that unknown sizes cut."""
    return _constant(variable)[key]


def _arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    start, stop = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    kinds = [int if isinstance(n, Size) else type(n) for n in (start, stop, step)]
    kind = keras.backend.standardize_dtype(dtype or keras.backend.result_type(*kinds))
    if any(isinstance(n, keras.KerasTensor) or n != int(n) for n in (start, stop, step)):
        raise NotImplementedError("a range of whole numbers")
    start, stop, step = (int(n) if isinstance(n, float) else n for n in (start, stop, step))
    count = _range_length(start, stop, step)

    def maker(graph: Graph) -> Tensor:
        ends = [
            graph.emit("Squeeze", graph.size(n), np.array([0], np.int64))
            if isinstance(n, Size)
            else np.array(n, np.int64)
            for n in (start, stop, step)
        ]
        value = graph.emit("Range", *ends)
        bind((count,), value, (0,))
        return graph.cast(Tensor(value, (count,), "int64", (0,)), kind)

    return made((count,), kind, maker)


def _range_length(start: Any, stop: Any, step: Any) -> Any:
    if step == 1 and not isinstance(step, Size):
        return stop - start
    one, two = (
        len(range(*(number(n) for n in (start, stop, step))))
        for number in (lambda n: int(n), other)
    )
    return Size.of(one, two, Root())


def _full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    kind = keras.backend.standardize_dtype(dtype or keras.config.floatx())

    def maker(graph: Graph) -> Tensor:
        fill = graph.cast(lift(graph, np.asarray(fill_value)), kind)
        value = graph.emit("Expand", fill, graph.sizes(shape))
        return Tensor(value, shape, fill.dtype, plain(len(shape)))

    return made(shape, kind, maker)


def _zeros(shape: Any, dtype: Any = None) -> Any:
    return _full(shape, 0, dtype)


def _ones(shape: Any, dtype: Any = None) -> Any:
    return _full(shape, 1, dtype)


def _diagonal(compare: Callable[..., Any]) -> Callable[..., Any]:
    def create(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> Any:
        rows, columns = (ops.arange(n) for n in (N, N if M is None else M))
        inside = compare(ops.expand_dims(rows, 1) + k, ops.expand_dims(columns, 0))
        return ops.cast(inside, dtype or keras.config.floatx())

    return create


def _tensor(x: Any, dtype: Any = None, *_: Any, **__: Any) -> Any:
    if isinstance(x, (list, tuple)):
        kind = dtype or "int32"
        return ops.stack([ops.convert_to_tensor(scalar(value, kind), kind) for value in x])
    return scalar(x, dtype)


def _reshape(x: Any, newshape: Any) -> Any:
    return ops.reshape(_constant(x), newshape)


CREATORS: dict[str, Callable[..., Any]] = {
    "arange": _arange,
    "zeros": _zeros,
    "empty": _zeros,
    "ones": _ones,
    "full": _full,
    "eye": _diagonal(ops.equal),
    "identity": lambda n, dtype=None: _diagonal(ops.equal)(n, dtype=dtype),
    "tri": _diagonal(ops.greater_equal),
    "convert_to_tensor": _tensor,
    "array": _tensor,
    "cast": _tensor,
    "reshape": _reshape,
}


def has_size(args: Any, kwargs: Any) -> bool:
    """Whether there is an unknown size among arguments, none of them symbolic."""
    return next(sizes_in((args, kwargs)), None) is not None
