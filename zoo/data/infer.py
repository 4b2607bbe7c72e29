"""Kind and range of a field beside the data, judged by its values."""

from typing import Any

import numpy as np

from zoo.data.field import Field
from zoo.data.labels import index_labels
from zoo.data.validation import find_extent, infer_source_range
from zoo.errors import DataError


def as_field(
    name: str, values: Any, *, data_shape: tuple[int, ...] = (), like: Field | None = None
) -> Field:
    """Returns values `(count, …)` as a field; a `Field` as it is.

    Text and integers are indices, booleans a mask, bytes of rank 2 and more continuous from 0 to
    255. Floats are continuous where they are images, sequences or shaped as the data; else they
    are raw numbers, such as conditions.

    Args:
        name: The field's name, for error messages.
        values: An array, or what makes one.
        data_shape: Shape of a sample of the data beside which the field stands.
        like: A field whose kind, range and names this one shares, such as that trained on.

    Raises:
        DataError: The values make no such array.
    """
    if isinstance(values, Field):
        return values
    array = _as_array(name, values)
    if like is not None:
        names = list(like.names) if like.names is not None else None
        if array.dtype.kind == "U":
            array = _indices(array, names)[0]
        elif like.kind == "index":
            _check_below(name, array, like)
        return Field(
            array, like.kind, like.source_range, like.extent, like.size, names, like.hidden
        )
    if array.dtype.kind == "U":
        indices, found = _indices(array, None)
        return Field(indices, "index", size=len(found), names=found)
    extent = find_extent(array, name=name)
    if array.dtype == bool:
        return Field(array, "mask")
    shaped = array.ndim >= 3 or array.shape[1:] == tuple(data_shape)
    if array.dtype.kind == "f":
        if not shaped:
            return Field(array, "raw")
    elif not (array.dtype == np.uint8 and array.ndim >= 2) and extent[0] >= 0:
        return Field(array, "index", size=int(extent[1]) + 1)
    return Field(array, "continuous", infer_source_range(array, extent), extent)


def _as_array(name: str, values: Any) -> np.ndarray:
    try:
        array = values if isinstance(values, np.ndarray) else np.asarray(values)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"A field has one shape. Received: {name!r}, {type(values).__name__} that makes no "
            "array."
        ) from error
    if array.dtype == object and all(isinstance(value, str) for value in array.flat):
        array = array.astype(str)
    text = array.dtype.kind == "U" and array.ndim == 1
    if not text and (array.dtype.kind not in "buif" or array.ndim < 1 or array.size == 0):
        raise DataError(
            f"A field is an array of real numbers, or of one text per sample. Received: {name!r} "
            f"of shape {array.shape}, dtype {array.dtype}. Accepted: (count, …)."
        )
    return array


def _indices(texts: np.ndarray, names: list[str] | None) -> tuple[np.ndarray, list[str]]:
    (indices,), found = index_labels([texts], class_names=names)
    return np.asarray(indices), list(found or [])


def _check_below(name: str, indices: np.ndarray, like: Field) -> None:
    lowest = -1 if like.hidden else 0
    whole = indices.dtype.kind in "iu"
    if not whole or indices.min() < lowest or (like.size and indices.max() >= like.size):
        raise DataError(
            f"{name!r} holds indices below {like.size}. Received: {indices.dtype} from "
            f"{indices.min()} to {indices.max()}."
        )
