"""Keras's shape inference, with unknown sizes among the shapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import keras
from keras.src import backend

from export.direct.sizes import Root, Size, other

# Operations that call functions of their own.
INFERENCE_ERRORS = (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError)
CONTROL_FLOW = ("Cond", "Switch", "Map", "Scan", "VectorizedMap", "WhileLoop", "ForiLoop")
RECURRENT = "keras.src.layers.rnn."
"""Keras's recurrent layers infer for all their `call`s; a trace runs every step of a sequence."""


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
    return int(leaf) if isinstance(leaf, Size) else leaf


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


def infer(operation: Any, *args: Any, **kwargs: Any) -> Any:
    """The outputs of an operation as Keras infers them.

    Functions that an operation calls may read symbols from outside, which no backend can trace:
    they are run on symbols.
    """
    if isinstance(operation, keras.Layer):
        return _of_layer(operation, args, kwargs)
    if type(operation).__name__ not in CONTROL_FLOW:
        return operation.compute_output_spec(*args, **kwargs)
    with mock.patch.object(backend, "compute_output_spec", _run):
        return operation.compute_output_spec(*args, **kwargs)


def _of_layer(layer: keras.Layer, args: Any, kwargs: Any) -> Any:
    """The outputs of a layer: as it infers them, or of its traced `call`.

    Inside of other layers Keras traces too, and never asks: an inference may not fit the `call`,
    and EinsumDense knows the sizes that it was built with alone.
    """
    if _infers(layer):
        try:
            outputs = layer.compute_output_spec(*args, **kwargs)
        except INFERENCE_ERRORS:
            outputs = None
        if outputs is not None and (_is_known(outputs) or not _is_known((args, kwargs))):
            return outputs
    return keras.Operation.compute_output_spec(layer, *args, **kwargs)


def _infers(layer: keras.Layer) -> bool:
    """Whether a layer's inference is of its own `call`, and not of the one of a base."""
    if isinstance(layer, keras.layers.RNN) and type(layer).__module__.startswith(RECURRENT):
        return True

    def depth(*names: str) -> int:
        bases = enumerate(type(layer).__mro__)
        return next(place for place, base in bases if not vars(base).keys().isdisjoint(names))

    return depth("compute_output_spec", "compute_output_shape") <= depth("call")


def _is_known(structure: Any) -> bool:
    """Whether every size of the tensors in a structure is a number."""
    tensors = (x for x in keras.tree.flatten(structure) if isinstance(x, keras.KerasTensor))
    return all(size is not None for tensor in tensors for size in tensor.shape)


def _run(function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def output_spec(operation: Any, args: Any, kwargs: Any) -> Any:
    """The outputs that Keras infers, with what depends on unknown sizes unknown again.

    Keras's shape inference computes with plain integers here and there: it is done in both traces,
    and a size that differs is either that of an input, or a new root, read from the output itself.

    Args:
        operation: The operation or layer.
        args: Its positional arguments, symbolic tensors among them.
        kwargs: Its keyword arguments.
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


def retype(symbol: Any, dtype: str) -> None:
    """Gives a symbolic tensor another dtype."""
    symbol._dtype = dtype


def _restored(one: Any, two: Any, given: list[Size]) -> Any:
    if one is None or (isinstance(one, Size) and one.other == two):
        return one
    if one == two:
        return int(one)
    for size in given:
        if int(size) == one and size.other == two:
            return size
    return Size.of(int(one), int(two), Root())
