"""Validation of users' arrays against what a part or a use reads, and their conversion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from export.runtime.labels import class_indices
from export.runtime.table import Port
from zoo.errors import UseError

RANGE_SLACK = 1e-3  # of the range's width, for rounding


def named(feed: Any, name: str, ports: Sequence[Port]) -> dict[str, np.ndarray]:
    """The arrays that a part reads, by the names of its inputs, all of one batch.

    Raises:
        UseError: Names, shapes, dtypes or indices are others than the part reads.
    """
    expected = {port.name: port for port in ports}
    if not isinstance(feed, Mapping) or set(feed) != set(expected):
        names = ", ".join(map(str, feed)) if isinstance(feed, Mapping) else type(feed).__name__
        raise UseError(
            f"The part {name!r} reads {', '.join(expected)}, by name. Received: {names or 'none'}."
        )
    arrays = {
        key: integers(feed[key], port) if port.is_integer else floats(feed[key], port)
        for key, port in expected.items()
    }
    if len({len(array) for array in arrays.values()}) != 1:
        received = ", ".join(f"{key} {array.shape}" for key, array in arrays.items())
        raise UseError(f"Inputs must be of one batch. Received: {received}.")
    return arrays


def checked(
    given: Mapping[str, Any],
    ports: Mapping[str, Port],
    class_names: Sequence[str] | None,
    count: int | None,
) -> dict[str, np.ndarray]:
    """The inputs of a use by name: data as floats, bytes scaled; classes as indices.

    Args:
        given: The caller's arrays; names that no port has are left to the caller's check.
        ports: The inputs of the use.
        class_names: Of the data, for labels that are names.
        count: How many rows; by default as many as are given. One label is repeated for all.

    Raises:
        UseError: Shapes, dtypes, ranges or indices are others than the use reads.
    """
    arrays: dict[str, Any] = {}
    for name, value in given.items():
        port = ports.get(name)
        if port is None or _is_index(port):
            arrays[name] = value
        elif port.is_integer:
            arrays[name] = integers(value, port)
        else:
            arrays[name] = data(value, port)
    for name, value in given.items():
        if name in ports and _is_index(ports[name]):
            others = (len(array) for key, array in arrays.items() if not _is_index(ports.get(key)))
            arrays[name] = class_indices(
                as_array(value, repr(name)), next(others, count), ports[name], class_names
            )
    return arrays


def _is_index(port: Port | None) -> bool:
    """Whether a port reads one index a row, such as a label."""
    return port is None or (port.is_integer and port.shape == () and port.cardinality is not None)


def data(value: Any, port: Port) -> np.ndarray:
    """Floats in the port's range; uint8 images are scaled to it from 0…255.

    Raises:
        UseError: Shape, dtype or range are others than the port's.
    """
    array = as_array(value, repr(port.name))
    if port.dtype == "bool" and array.dtype == bool:
        return np.ascontiguousarray(array)
    if port.range is None:
        return floats(array, port)
    low, high = port.range
    if array.dtype == np.uint8:
        array = array * np.float32((high - low) / 255.0) + np.float32(low)
    array = floats(array, port)
    slack = RANGE_SLACK * (high - low)
    if array.size and (array.min() < low - slack or array.max() > high + slack):
        raise UseError(
            f"{port.name!r} must lie between {low:g} and {high:g}, or be uint8 images. "
            f"Received: values from {array.min():g} to {array.max():g}."
        )
    return array


def floats(value: Any, port: Port) -> np.ndarray:
    """Finite floats of the port's shape."""
    array = as_array(value, repr(port.name))
    if not np.issubdtype(array.dtype, np.floating):
        raise UseError(f"{port.name!r} must be floating point. Received: {array.dtype}.")
    _check_shape(array, port)
    with np.errstate(over="ignore"):  # what overflows is rejected as infinite
        array = np.ascontiguousarray(array, dtype=port.dtype)
    if not np.isfinite(array).all():
        raise UseError(
            f"{port.name!r} must be finite in {port.dtype}. Received: NaN or infinite values."
        )
    return array


def integers(value: Any, port: Port) -> np.ndarray:
    """Indices of the port's shape, below its cardinality."""
    array = as_array(value, repr(port.name))
    if not np.issubdtype(array.dtype, np.integer):
        raise UseError(f"{port.name!r} must be integers. Received: {array.dtype}.")
    _check_shape(array, port)
    if port.cardinality:
        rule, limit = f"indices of the {port.cardinality} that there are", port.cardinality
    else:
        rule, limit = f"indices in {port.dtype}", int(np.iinfo(port.dtype).max) + 1
    if array.size and (array.min() < 0 or array.max() >= limit):
        raise UseError(
            f"{port.name!r} must be {rule}. Received: {array.min()} to {array.max()}. "
            f"Accepted: 0 to {limit - 1}."
        )
    return np.ascontiguousarray(array, dtype=port.dtype)


def check_whole_number(value: Any, what: str, *, least: int, most: int | None = None) -> None:
    """Raises unless the value is a whole number between the bounds."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        bounds = f"from {least}" if most is None else f"from {least} to {most}"
        raise UseError(f"{what} must be a whole number {bounds}. Received: {value!r}.")


def as_array(value: Any, what: str) -> np.ndarray:
    """An array of a value, rejected where its rows differ in length."""
    try:
        return np.asarray(value)
    except ValueError:
        raise UseError(
            f"{what} must be an array, or lists of equal lengths. "
            f"Received: a {type(value).__name__} of unequal ones."
        ) from None


def _check_shape(array: np.ndarray, port: Port) -> None:
    expected = port.shape
    fits = array.ndim == len(expected) + 1 and all(
        found == size or (size is None and found > 0)
        for size, found in zip(expected, array.shape[1:], strict=True)
    )
    if not fits:
        hint = " Add a batch dimension: x[np.newaxis]." if array.shape == expected else ""
        hint = " Accepted: sizes from 1." if 0 in array.shape[1:] else hint
        sizes = "".join(", any" if size is None else f", {size}" for size in expected)
        raise UseError(
            f"{port.name!r} must have shape (batch{sizes}). Received: {array.shape}.{hint}"
        )
    if len(array) == 0:
        raise UseError(f"{port.name!r} must hold at least one sample. Received: none.")
