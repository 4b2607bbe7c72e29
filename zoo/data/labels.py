"""Class labels become int32 indices 0..k-1, the same in every split."""

from collections.abc import Sequence

import numpy as np

from zoo.errors import DataError, suggestion

FORMS = "integers (n,) or (n, 1), one-hot rows (n, k), strings (n,)"


def index_labels(
    columns: Sequence[object | None],
    *,
    class_names: Sequence[str] | None = None,
    num_classes: int | None = None,
) -> tuple[list[np.ndarray | None], list[str] | None]:
    """Returns each split's labels as int32 class indices, and the names of the classes.

    Labels are integers `(n,)` or `(n, 1)`, one-hot rows `(n, k)`, or strings `(n,)`; None where a
    split has none. The classes are those that occur in any split, sorted, unless they are given:
    `class_names` that are numbers, and all strings, are looked up by their text; otherwise, and
    with `num_classes`, labels are indices already.

    Raises:
        DataError: The labels are none of these, or outside the given classes.
    """
    arrays = [None if column is None else _as_labels(column) for column in columns]
    present = [array for array in arrays if array is not None]
    if not present:
        return [None for _ in columns], None
    if len({(array.ndim, array.dtype.kind == "U", array.shape[1:]) for array in present}) > 1:
        raise DataError(
            "All splits have labels of one form. Received: shapes "
            f"{[array.shape for array in present]}, dtypes {[str(a.dtype) for a in present]}. "
            f"Accepted: {FORMS}."
        )
    one_hot = present[0].shape[1] if present[0].ndim == 2 else None
    if one_hot and num_classes and one_hot != num_classes:
        raise DataError(
            f"One-hot rows have a column for each class. Received: {one_hot} columns. "
            f"Accepted: {num_classes}."
        )
    flat = [_from_one_hot(a) if a is not None and one_hot else a for a in arrays]
    by_text = one_hot is None
    if class_names is not None:
        names = list(class_names)
        by_text &= present[0].dtype.kind == "U" or all(name.isdigit() for name in names)
    elif count := num_classes or one_hot:
        names = [str(index) for index in range(count)]
        by_text &= present[0].dtype.kind == "U"
    else:
        names = [str(value) for value in np.unique(np.concatenate(present))]
    find = _look_up if by_text else _check_indices
    return [None if labels is None else find(labels, names) for labels in flat], names


def _as_labels(column: object) -> np.ndarray:
    """Returns int64 or text labels `(n,)`, or one-hot rows `(n, k)`."""
    try:
        labels = np.asarray(column)
    except (ValueError, TypeError) as error:
        raise DataError(f"Labels have one shape. Received: ragged. Accepted: {FORMS}.") from error
    if labels.dtype == object and all(isinstance(value, str) for value in labels.flat):
        labels = labels.astype(str)
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "replace")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.dtype.kind == "U" and labels.ndim == 1:
        return labels
    if labels.dtype.kind not in "buif" or labels.ndim not in (1, 2):
        raise DataError(
            f"Labels are class labels. Received: shape {labels.shape}, dtype {labels.dtype}. "
            f"Accepted: {FORMS}."
        )
    with np.errstate(invalid="ignore"):
        whole = labels.astype(np.int64)
    wrong = np.argwhere(whole != labels)
    if len(wrong):
        value = labels[tuple(wrong[0])]
        index = tuple(map(int, wrong[0]))
        raise DataError(f"Labels are whole. Received: {value} at {index}. Accepted: {FORMS}.")
    return whole


def _from_one_hot(rows: np.ndarray) -> np.ndarray:
    wrong = np.flatnonzero((rows.sum(axis=1) != 1) | (rows.min(axis=1) < 0))
    if len(wrong):
        index = int(wrong[0])
        raise DataError(
            "Labels of rank 2 are one-hot: a single 1 in each row. "
            f"Received: {rows[index].tolist()} at row {index}. Accepted: {FORMS}."
        )
    return rows.argmax(axis=1)


def _check_indices(labels: np.ndarray, names: list[str]) -> np.ndarray:
    wrong = np.flatnonzero((labels < 0) | (labels >= len(names)))
    if len(wrong):
        index = int(wrong[0])
        raise DataError(
            f"Labels are class indices. Received: {labels[index]} at index {index}. "
            f"Accepted: 0 to {len(names) - 1}."
        )
    return labels.astype(np.int32)


def _look_up(labels: np.ndarray, names: list[str]) -> np.ndarray:
    values, positions = np.unique(labels, return_inverse=True)
    indices = {name: index for index, name in enumerate(names)}
    for value in map(str, values):
        if value not in indices:
            hint = suggestion(value, names)
            raise DataError(
                f"Labels are of the known classes. Received: {value!r}.{hint} "
                f"Accepted: {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}."
            )
    return np.array([indices[str(value)] for value in values], np.int32)[positions]


def keep_some(labels: np.ndarray, keep: int, seed: int) -> np.ndarray:
    """Returns int32 labels of which `keep` are as given, drawn class by class, the others -1.

    Raises:
        DataError: Fewer labels are known than are kept.
    """
    known = np.flatnonzero(labels >= 0)
    if not 1 <= keep <= len(known):
        raise DataError(
            f"Some labels are kept. Received: keep={keep}. Accepted: 1 to {len(known)}."
        )
    shuffled = np.random.default_rng([seed, 0]).permutation(known)
    turns = np.empty(len(shuffled), np.int64)  # A row's number among the rows of its class.
    for label in np.unique(labels[shuffled]):
        members = np.flatnonzero(labels[shuffled] == label)
        turns[members] = np.arange(len(members))
    kept = shuffled[np.argsort(turns, kind="stable")[:keep]]
    found = np.full(len(labels), -1, np.int32)
    found[kept] = labels[kept]
    return found
