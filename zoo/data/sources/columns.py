"""Columns of a table: what their cells are, and what stands for the cells that are missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from zoo.errors import DataError

MISSING = frozenset(["", "na", "n/a", "nan", "null", "none", "?"])
"""Cells that hold no value, in lower case."""

MAX_CATEGORIES = 256
"""Different texts of one column above which it is taken for names or free text."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: Of the table's header.
        kind: `integer` and `number` are numeric; `category` is one of a few texts.
        categories: The texts of a category, sorted; the empty one stands for missing cells.
        fill: The number in place of missing ones: the median.
    """

    name: str
    kind: Literal["integer", "number", "category"]
    categories: tuple[str, ...] = ()
    fill: float | None = None

    @property
    def numeric(self) -> bool:
        """Whether the cells are numbers."""
        return self.kind != "category"

    def to_config(self) -> dict[str, Any]:
        """JSON-able record."""
        if self.numeric:
            return {"name": self.name, "kind": self.kind, "fill": self.fill}
        return {"name": self.name, "kind": self.kind, "categories": list(self.categories)}


def infer_column(name: str, cells: Sequence[str], *, category: bool = False) -> Column:
    """Returns what a column is: numeric where every cell that is not missing is a number.

    Args:
        name: Of the column.
        cells: All of them.
        category: Whether numbers are categories too, as in a column of labels.

    Raises:
        DataError: The column has no value, or more texts than a category has.
    """
    from sklearn.impute import SimpleImputer

    present = [cell for cell in cells if not is_missing(cell)]
    if not present:
        raise DataError(
            f"A column holds a value. Received: {name!r}, all missing. "
            "Accepted: columns=[…] without it."
        )
    numbers = as_numbers(present)
    if numbers is not None and not category:
        check_finite(name, numbers, present)
        imputer = SimpleImputer(strategy="median").fit(numbers[:, None])
        whole = bool((numbers == np.rint(numbers)).all()) and not any("." in c for c in present)
        fill = float(imputer.statistics_[0])
        return Column(name, "integer" if whole else "number", fill=fill)
    texts = sorted({"" if is_missing(cell) else cell for cell in cells})
    if numbers is not None:
        texts.sort(key=lambda text: float(text or "-inf"))
    if len(texts) > MAX_CATEGORIES:
        raise DataError(
            f"A category is one of at most {MAX_CATEGORIES} texts. Received: {len(texts)} in "
            f"{name!r}, such as {present[0]!r}. Accepted: columns=[…] without it."
        )
    return Column(name, "category", tuple(texts))


def read_numbers(column: Column, cells: Sequence[str]) -> np.ndarray:
    """Returns float64 `(count,)`, missing cells filled.

    Raises:
        DataError: A cell is no number.
    """
    filled = [str(column.fill) if is_missing(cell) else cell for cell in cells]
    numbers = as_numbers(filled)
    if numbers is None:
        wrong = next(cell for cell in filled if as_numbers([cell]) is None)
        raise DataError(f"The column {column.name!r} holds numbers. Received: {wrong!r}.")
    check_finite(column.name, numbers, filled)
    return numbers


def check_finite(name: str, numbers: np.ndarray, cells: Sequence[str]) -> None:
    """Checks the numbers of a column.

    Raises:
        DataError: One of them is infinite.
    """
    if not np.isfinite(numbers).all():
        wrong = cells[int(np.argmin(np.isfinite(numbers)))]
        raise DataError(
            f"The numbers of a column are finite. Received: {wrong!r} in {name!r}. "
            "Accepted: an empty cell for a value that is missing."
        )


def read_categories(column: Column, cells: Sequence[str]) -> np.ndarray:
    """Returns int32 indices `(count,)` of the categories.

    Raises:
        DataError: A text is none of them.
    """
    from zoo.data.labels import index_labels

    texts = np.array(["" if is_missing(cell) else cell for cell in cells], str)
    try:
        (indices,), _ = index_labels([texts], class_names=list(column.categories))
    except DataError as error:
        raise DataError(f"Column {column.name!r}: {error}") from error
    return np.asarray(indices)


def write_numbers(column: Column, values: np.ndarray) -> list[str]:
    """Returns cells of the column's own type: whole numbers, or seven digits with a point."""
    if column.kind == "integer":
        return [str(int(value)) for value in np.rint(values)]
    texts = [f"{float(value):.7g}" for value in values]
    return [text if set(text) - set("-0123456789") else f"{text}.0" for text in texts]


def is_missing(cell: str) -> bool:
    """Whether a cell holds no value."""
    return cell.strip().lower() in MISSING


def as_numbers(cells: Sequence[str]) -> np.ndarray | None:
    """Returns float64 `(count,)`, or None where a cell is no number."""
    try:
        return np.array(cells, str).astype(np.float64)
    except ValueError:
        return None
