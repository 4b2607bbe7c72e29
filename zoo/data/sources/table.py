"""Tables of numbers and categories: CSV files as fields, and fields as CSV files."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from zoo.data.dataset import Data
from zoo.data.field import Field
from zoo.data.sources.columns import (
    as_numbers,
    infer_column,
    is_missing,
    read_categories,
)
from zoo.data.sources.table_form import Table
from zoo.data.standardization import Standardization
from zoo.data.validation import find_extent
from zoo.errors import DataError, suggestion
from zoo.files import write_atomically

__all__ = ["Table", "load_table", "read_cells", "write_table"]

FORMS = ("one-hot", "index")
DELIMITERS = ",;\t|"


def load_table(
    path: str | os.PathLike,
    *,
    table: Table | None = None,
    label: str | None = None,
    columns: Sequence[str] | None = None,
    form: str = "one-hot",
    standardize: bool = False,
) -> tuple[Data, list[str]]:
    """Returns a CSV file as data, and notes about what was missing.

    The first line is a header unless it holds numbers alone. Columns whose cells are numbers are
    numeric, others categories. Missing numbers become the column's median; missing categories a
    category of their own. `Data.origin["table"]` describes the table.

    Args:
        path: The file; commas, semicolons, tabs or bars between cells, UTF-8.
        table: Of the training data, for other data of the same columns.
        label: The column that holds the labels.
        columns: The columns that are read; all by default.
        form: Of categories: "one-hot" columns of `data`, or fields of indices ("index").
        standardize: Whether numbers are brought to mean 0 and deviation 1.

    Raises:
        DataError: The file is no table, or columns are not there.
    """
    if form not in FORMS:
        raise DataError(f"Categories are {' or '.join(FORMS)}. Received: {form!r}.")
    cells = read_cells(Path(path).expanduser())
    if table is None:
        cells = _choose(cells, columns, label)
        found = [infer_column(n, column, category=n == label) for n, column in cells.items()]
        table = Table(tuple(found), form, label)
        if standardize and table.numbers:
            numbers = table.encode(cells)["data"][:, : len(table.numbers)]
            table = replace(table, standardization=Standardization.fit(numbers))
    arrays = table.encode(cells)
    labels, class_names = _labels(table, cells)
    notes = _missing(table, cells)
    origin: dict[str, Any] = {"source": os.fspath(path), "table": table.to_config()}
    counts = {column.name: _count_missing(cells[column.name]) for column in table.columns}
    if notes:
        origin["missing"] = {name: count for name, count in counts.items() if count}
    data = _data_field(table, arrays.pop("data"), os.fspath(path))
    fields = {
        c.name: Field(arrays[c.name], "index", size=len(c.categories), names=c.categories)
        for c in table.categories
        if c.name in arrays
    }
    return Data(data, labels, class_names, origin=origin, fields=fields), notes


def write_table(
    path: str | os.PathLike, table: Table, batch: np.ndarray | Mapping[str, np.ndarray]
) -> Path:
    """Writes fields as a CSV file of the table's columns and types, whole or not at all."""
    return write_atomically(path, table_text(table, batch))


def table_text(table: Table, batch: np.ndarray | Mapping[str, np.ndarray]) -> str:
    """Returns the content of a CSV file of the table's columns and types."""
    cells = table.decode(batch)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(cells)
    writer.writerows(zip(*cells.values(), strict=True))
    return text.getvalue()


def read_cells(path: Path) -> dict[str, list[str]]:
    """Returns the cells of a CSV file by column.

    Raises:
        DataError: The file cannot be read, has no rows, or rows of several lengths.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise DataError(f"The table cannot be read. Received: {path} ({reason}).") from error
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            row = [cell.strip() for cell in row]
            if not any(row):
                continue
            rows.append(row)
            if len(row) != len(rows[0]):
                raise DataError(
                    f"Rows of a table have one length. Received: {len(rows[0])} cells in the "
                    f"first row of {path} and {len(row)} in line {reader.line_num}."
                )
    except csv.Error as error:
        raise DataError(
            f"The table cannot be read. Received: {path} (line {reader.line_num}: {error})."
        ) from error
    header = [f"column {n + 1}" for n in range(len(rows[0]))] if rows else []
    if rows and not _holds_numbers([cell for cell in rows[0] if not is_missing(cell)]):
        header, *rows = rows
    if not rows:
        raise DataError(f"A table holds at least one row. Received: {path}, which holds none.")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"Columns have different names. Received: {twice[0]!r} twice in {path}.")
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def _holds_numbers(cells: Sequence[str]) -> bool:
    numbers = as_numbers(cells)
    return numbers is not None and bool(np.isfinite(numbers).all())


def _choose(
    cells: dict[str, list[str]], columns: Sequence[str] | None, label: str | None
) -> dict[str, list[str]]:

    wanted = list(cells) if columns is None else list(columns)
    for name in [*wanted, *([] if label is None else [label])]:
        if name not in cells:
            hint = suggestion(name, list(cells))
            raise DataError(
                f"A column is one of the table's. Received: {name!r}.{hint} "
                f"Accepted: {', '.join(cells)}."
            )
    chosen = {name: cells[name] for name in cells if name in wanted or name == label}
    if not set(chosen) - {label}:
        raise DataError("A table holds a column beside the labels. Received: none.")
    return chosen


def _data_field(table: Table, values: np.ndarray, name: str) -> Field:
    if not values.shape[1]:
        raise DataError(
            f"Data hold at least one number. Received: {name}, whose columns are all categories. "
            'Accepted: form="one-hot".'
        )
    extent = find_extent(values, name=name)
    indicators = tuple(range(len(table.numbers), values.shape[1]))
    source_range = None if table.numbers else (0.0, 1.0)
    return Field(values, "continuous", source_range, extent, indicators=indicators)


def _labels(
    table: Table, cells: Mapping[str, Sequence[str]]
) -> tuple[np.ndarray | None, list[str] | None]:
    if table.label is None:
        return None, None
    column = next(column for column in table.columns if column.name == table.label)
    return read_categories(column, cells[table.label]), list(column.categories)


def _missing(table: Table, cells: Mapping[str, Sequence[str]]) -> list[str]:
    notes = []
    for column in table.columns:
        if count := _count_missing(cells[column.name]):
            filled = f"the median {column.fill:g}" if column.numeric else "a category of their own"
            notes.append(
                f"{count} of {len(cells[column.name])} values of {column.name!r} are missing: "
                f"replaced by {filled}."
            )
    return notes


def _count_missing(cells: Sequence[str]) -> int:
    return sum(map(is_missing, cells))
