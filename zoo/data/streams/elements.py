"""Elements of a stream, such as batches of another library, as named arrays."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from zoo.data.field import Field, Range
from zoo.data.streams.sources import to_numpy
from zoo.errors import DataError


def named_arrays(element: Any) -> dict[str, np.ndarray]:
    """Returns an element's fields by name: of a dictionary, a pair `(x, y)`, or x alone.

    Raises:
        DataError: The element is anything else.
    """
    return {name: _array(name, value) for name, value in _named(element).items()}


def as_stream_field(values: np.ndarray) -> Field:
    """A batch's field by its type: bytes continuous, booleans a mask, integers indices."""
    if values.dtype == np.uint8:
        return Field(values, "continuous", (0.0, 255.0), (0.0, 255.0))
    if values.dtype == bool:
        return Field(values, "mask")
    if values.dtype.kind not in "iuf":
        raise DataError(
            f"Batches hold real numbers. Received: {values.dtype}. "
            "Accepted: bool, integers, floats."
        )
    return Field(values, "index" if values.dtype.kind in "iu" else "raw")


def regroup(
    elements: Iterator[dict[str, np.ndarray]], batch_size: int | None
) -> Iterator[dict[str, np.ndarray]]:
    """Yields the rows of batches in batches of another size; the last may be smaller."""
    if batch_size is None:
        yield from elements
        return
    rest: dict[str, np.ndarray] = {}
    for element in elements:
        if rest:
            element = {name: np.concatenate([rest[name], element[name]]) for name in rest}
        whole = len(element["data"]) // batch_size * batch_size
        for start in range(0, whole, batch_size):
            yield {name: rows[start : start + batch_size] for name, rows in element.items()}
        left = whole < len(element["data"])
        rest = {name: rows[whole:] for name, rows in element.items()} if left else {}
    if rest:
        yield rest


def check_units(rows: np.ndarray, batch: np.ndarray, value_range: Range) -> None:
    """Checks that floats are in the model's value range, with some room for resized images.

    Raises:
        DataError: They are in other units.
    """
    low, high = value_range
    margin = (high - low) / 10
    if rows.dtype.kind == "f" and (batch.min() < low - margin or batch.max() > high + margin):
        raise DataError(
            f"Floats of a stream are in the model's value range {value_range} already. Received: "
            f"{batch.min():g} to {batch.max():g}. Accepted: such floats, or bytes of 0 to 255."
        )


def _array(name: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"Fields of a batch are arrays. Received: {name!r}, {type(values).__name__} that "
            "makes none."
        ) from error


def _named(element: Any) -> dict[str, Any]:
    """The fields of an element by name; a target that is the data themselves is left out."""
    if isinstance(element, list) and all(hasattr(value, "shape") for value in element):
        element = tuple(element)  # PyTorch's loaders give pairs as lists.
    element = to_numpy(element)
    if isinstance(element, Mapping):
        if "data" not in element:
            raise DataError(
                f"A batch in a dictionary holds 'data'. Received: {', '.join(map(repr, element))}."
            )
        return dict(element)
    if not isinstance(element, tuple):
        return {"data": element}
    if len(element) == 3 and element[2] is None:
        element = element[:2]
    if len(element) not in (1, 2):
        raise DataError(
            f"A batch is x or a pair (x, y). Received: {len(element)} values. "
            "Accepted: these, or a dictionary of fields; sample weights are not read."
        )
    x, y = element if len(element) == 2 else (element[0], None)
    if isinstance(x, Mapping):
        beside = y if isinstance(y, Mapping) else {"labels": y}
        return _named(x) | {name: value for name, value in beside.items() if value is not None}
    if y is None:
        return {"data": x}
    if np.ndim(y) > 1 and np.shape(y) == np.shape(x):
        return {"data": x} if np.array_equal(x, y) else {"data": x, "target": y}
    return {"data": x, "labels": y}
