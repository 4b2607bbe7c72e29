"""Labels as users pass them: indices, names or one-hot rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from export.runtime.table import Port
from zoo.errors import UseError, suggestion


def class_indices(
    array: np.ndarray, count: int | None, port: Port, class_names: Sequence[str] | None
) -> np.ndarray:
    """Indices `(count,)` from indices, class names or one-hot rows; one index is repeated."""
    limit = port.cardinality or 0
    if array.dtype.kind in "US":
        array = _indices_of(array, class_names if len(class_names or ()) == limit else None, port)
    elif array.ndim == 2:
        one_hot = ((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all()
        if not one_hot or array.shape[1] != limit:
            raise UseError(
                f"One-hot {port.name!r} must have a single 1 in each row of {limit}. "
                f"Received: shape {array.shape}, values {array.min()} to {array.max()}."
            )
        array = array.argmax(axis=1)
    if not np.issubdtype(array.dtype, np.integer):
        raise UseError(
            f"{port.name!r} must be class indices, class names or one-hot rows. "
            f"Received: {array.dtype}."
        )
    if array.ndim == 0:
        array = np.full(1 if count is None else count, array)
    rows = len(array) if count is None and array.ndim == 1 else count
    if array.shape != (rows,) or not rows:
        raise UseError(
            f"{port.name!r} must be one or {rows or 'some'}. Received: shape {array.shape}."
        )
    if array.min() < 0 or array.max() >= limit:
        raise UseError(
            f"{port.name!r} must be 0 to {limit - 1}. Received: {array.min()} to {array.max()}."
        )
    return array.astype(port.dtype)


def _indices_of(names: np.ndarray, known: Sequence[str] | None, port: Port) -> np.ndarray:
    if not known:
        raise UseError(
            f"This bundle has no class names. Received: {port.name} {names.ravel()[0]!r}. "
            "Accepted: class indices."
        )
    for name in names.ravel():
        if str(name) not in known:
            hint = suggestion(str(name), known)
            raise UseError(
                f"{port.name!r} must be class names. Received: {str(name)!r}.{hint} "
                f"Accepted: {', '.join(known)}."
            )
    found = [known.index(str(name)) for name in names.ravel()]
    return np.array(found, dtype=np.int64).reshape(names.shape)
