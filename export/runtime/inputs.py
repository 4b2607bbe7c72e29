"""Arrays that users pass, checked against what a part reads and made into what it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from export.runtime.manifest import Manifest, Part, Port

RANGE_SLACK = 1e-3  # of the range's width, for rounding


def named(feed: Any, name: str, part: Part) -> dict[str, np.ndarray]:
    """The arrays that a part reads, by the names of its inputs, all of one batch.

    Raises:
        ValueError: names, shapes, dtypes or indices are others than the part reads.
    """
    expected = {port.name: port for port in part.inputs}
    if not isinstance(feed, Mapping) or set(feed) != set(expected):
        names = ", ".join(map(str, feed)) if isinstance(feed, Mapping) else type(feed).__name__
        raise ValueError(
            f"The part {name!r} reads {', '.join(expected)}, by name. Received: {names or 'none'}."
        )
    arrays = {
        key: integers(feed[key], port) if "int" in port.dtype else floats(feed[key], port)
        for key, port in expected.items()
    }
    if len({len(array) for array in arrays.values()}) != 1:
        received = ", ".join(f"{key} {array.shape}" for key, array in arrays.items())
        raise ValueError(f"Inputs must be of one batch. Received: {received}.")
    return arrays


def data(value: Any, port: Port, value_range: tuple[float, float] | None) -> np.ndarray:
    """Float data in `value_range`; uint8 images are scaled to it from 0…255.

    Raises:
        ValueError: shape, dtype or range are others than the part reads.
    """
    array = _array(value, repr(port.name))
    if array.dtype == np.uint8 and value_range is not None:
        low, high = value_range
        array = array * np.float32((high - low) / 255.0) + np.float32(low)
    array = floats(array, port)
    if value_range is not None and array.size:
        low, high = value_range
        slack = RANGE_SLACK * (high - low)
        if array.min() < low - slack or array.max() > high + slack:
            raise ValueError(
                f"{port.name!r} must lie between {low:g} and {high:g}, or be uint8 images. "
                f"Received: values from {array.min():g} to {array.max():g}."
            )
    return array


def floats(value: Any, port: Port) -> np.ndarray:
    """Finite float32 of the port's shape."""
    array = _array(value, repr(port.name))
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"{port.name!r} must be floating point. Received: {array.dtype}.")
    _check_shape(array, port)
    with np.errstate(over="ignore"):  # what overflows is refused as infinite
        array = np.ascontiguousarray(array, dtype=port.dtype)
    if not np.isfinite(array).all():
        raise ValueError(
            f"{port.name!r} must be finite in {port.dtype}. Received: NaN or infinite values."
        )
    return array


def integers(value: Any, port: Port) -> np.ndarray:
    """Indices of the port's shape, below its cardinality."""
    array = _array(value, repr(port.name))
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{port.name!r} must be integers. Received: {array.dtype}.")
    _check_shape(array, port)
    if port.cardinality:
        rule, limit = f"indices of the {port.cardinality} that there are", port.cardinality
    else:
        rule, limit = f"indices in {port.dtype}", int(np.iinfo(port.dtype).max) + 1
    if array.size and (array.min() < 0 or array.max() >= limit):
        raise ValueError(
            f"{port.name!r} must be {rule}. Received: {array.min()} to {array.max()}. "
            f"Accepted: 0 to {limit - 1}."
        )
    return np.ascontiguousarray(array, dtype=port.dtype)


def labels(value: Any, count: int, port: Port, manifest: Manifest) -> np.ndarray:
    """Class indices `(count,)` from indices, class names or one-hot rows; one label is repeated."""
    classes = manifest.num_classes or 0
    array = _array(value, "Labels")
    if array.dtype.kind in "US":
        array = _indices_of(array, manifest.class_names)
    elif array.ndim == 2:
        one_hot = ((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all()
        if not one_hot or array.shape[1] != classes:
            raise ValueError(
                f"One-hot labels must have a single 1 in each row of {classes}. "
                f"Received: shape {array.shape}, values {array.min()} to {array.max()}."
            )
        array = array.argmax(axis=1)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            f"Labels must be class indices, class names or one-hot rows. Received: {array.dtype}."
        )
    if array.ndim == 0:
        array = np.full(count, array)
    if array.shape != (count,):
        raise ValueError(f"Labels must be one or {count}. Received: shape {array.shape}.")
    if array.min() < 0 or array.max() >= classes:
        raise ValueError(
            f"Labels must be 0 to {classes - 1}. Received: {array.min()} to {array.max()}."
        )
    return array.astype(port.dtype)


def whole_number(value: Any, what: str, *, least: int, most: int | None = None) -> None:
    """Raises unless the value is a whole number between the bounds."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        bounds = f"from {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{what} must be a whole number {bounds}. Received: {value!r}.")


def _indices_of(names: np.ndarray, known: Sequence[str] | None) -> np.ndarray:
    if not known:
        raise ValueError("This bundle has no class names; pass labels as class indices.")
    for name in names.ravel():
        if str(name) not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"A label must be a class name. Received: {str(name)!r}.{hint} "
                f"Accepted: {', '.join(known)}."
            )
    indices = [known.index(str(name)) for name in names.ravel()]
    return np.array(indices, dtype=np.int64).reshape(names.shape)


def _array(value: Any, what: str) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{what} must be an array, or lists of equal lengths. "
            f"Received: a {type(value).__name__} of unequal ones."
        ) from None


def _check_shape(array: np.ndarray, port: Port) -> None:
    expected = port.shape
    fits = array.ndim == len(expected) + 1 and all(
        size in (None, found) for size, found in zip(expected, array.shape[1:], strict=True)
    )
    if not fits:
        hint = " Add a batch dimension: x[np.newaxis]." if array.shape == expected else ""
        sizes = ", ".join("any" if size is None else str(size) for size in expected)
        raise ValueError(
            f"{port.name!r} must have shape (batch, {sizes}). Received: {array.shape}.{hint}"
        )
    if len(array) == 0:
        raise ValueError(f"{port.name!r} must hold at least one sample. Received: none.")
