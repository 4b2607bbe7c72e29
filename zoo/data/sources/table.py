"""Tables of numbers and categories: CSV files as fields, and fields as CSV files."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zoo.data.dataset import Data
from zoo.data.field import Field
from zoo.data.sources.columns import (
    Column,
    as_numbers,
    infer_column,
    is_missing,
    read_categories,
    read_numbers,
    write_numbers,
)
from zoo.data.standardization import Standardization
from zoo.data.validation import find_extent
from zoo.errors import DataError
from zoo.files import write_atomically

FORMS = ("one-hot", "index")
DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Table:
    """How a table's columns become fields, and back.

    `data` holds the numbers, then the one-hot columns of each category; with the form `index`
    every category is a field of its own name instead. A label column is the field `labels`.

    Attributes:
        columns: Of the file, in its order, without those that are not read.
        form: Of categories, "one-hot" or "index".
        label: The name of the column that holds the labels, or None.
        standardization: Of the numbers, or None where they are as in the file.
    """

    columns: tuple[Column, ...]
    form: str = "one-hot"
    label: str | None = None
    standardization: Standardization | None = None

    @property
    def numbers(self) -> list[Column]:
        """The numeric columns of `data`, in order."""
        return [c for c in self.columns if c.numeric and c.name != self.label]

    @property
    def categories(self) -> list[Column]:
        """The other columns, in order."""
        return [c for c in self.columns if not c.numeric and c.name != self.label]

    def encode(self, cells: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
        """Returns the cells of columns as arrays: `data`, and indices of categories.

        Raises:
            DataError: A column is missing, or a cell does not fit its column.
        """
        absent = [column.name for column in self.columns if column.name not in cells]
        if absent:
            raise DataError(
                f"The table has the columns {', '.join(c.name for c in self.columns)}. "
                f"Received: none called {absent[0]!r}."
            )
        count = len(next(iter(cells.values())))
        numbers = np.empty((count, len(self.numbers)))
        for place, column in enumerate(self.numbers):
            numbers[:, place] = read_numbers(column, cells[column.name])
        if self.standardization is not None:
            numbers = self.standardization.apply(numbers).astype(np.float64)
        indices = {c.name: read_categories(c, cells[c.name]) for c in self.categories}
        if self.form == "index" or not indices:
            return {"data": numbers} | indices
        rows = np.stack(list(indices.values()), axis=1)
        return {"data": np.concatenate([numbers, self._one_hot().transform(rows)], axis=1)}

    def decode(self, batch: np.ndarray | Mapping[str, np.ndarray]) -> dict[str, list[str]]:
        """Returns arrays, such as a model makes, as cells by column: the inverse of `encode`.

        Of one-hot columns the largest counts; missing numbers are not brought back.

        Raises:
            DataError: The arrays have other columns.
        """
        fields = dict(batch) if isinstance(batch, Mapping) else {"data": batch}
        data = np.asarray(fields["data"], np.float64)
        indices = self._indices(data, fields)
        numbers = data[:, : len(self.numbers)]
        if self.standardization is not None:
            numbers = self.standardization.undo(numbers)
        cells = {
            column.name: write_numbers(column, numbers[:, place])
            for place, column in enumerate(self.numbers)
        }
        if "labels" in fields and self.label is not None:
            indices[self.label] = np.asarray(fields["labels"], np.int64)
        for column in self.columns:
            if column.name in indices:
                found = np.clip(indices[column.name], 0, len(column.categories) - 1)
                cells[column.name] = [column.categories[index] for index in found]
        return {c.name: cells[c.name] for c in self.columns if c.name in cells}

    def _indices(self, data: np.ndarray, fields: Mapping[str, Any]) -> dict[str, np.ndarray]:
        hot = sum(len(c.categories) for c in self.categories) if self.form == "one-hot" else 0
        width = len(self.numbers) + hot
        absent = [c.name for c in self.categories if not hot and c.name not in fields]
        if data.ndim != 2 or data.shape[1] != width or absent:
            received = f"no field {absent[0]!r}" if absent else f"shape {data.shape}"
            raise DataError(f"The table's data have {width} columns. Received: {received}.")
        if not hot:
            return {c.name: np.asarray(fields[c.name], np.int64) for c in self.categories}
        rows = self._one_hot().inverse_transform(data[:, len(self.numbers) :])
        return {c.name: rows[:, place] for place, c in enumerate(self.categories)}

    def _one_hot(self) -> Any:
        from sklearn.preprocessing import OneHotEncoder

        sizes = [np.arange(len(column.categories)) for column in self.categories]
        encoder = OneHotEncoder(categories=sizes, sparse_output=False)
        return encoder.fit(np.zeros((1, len(sizes)), np.int64))

    def to_config(self) -> dict[str, Any]:
        """JSON-able record; `from_config` gives back an equal table."""
        record = self.standardization
        return {
            "columns": [column.to_config() for column in self.columns],
            "form": self.form,
            "label": self.label,
            "standardization": None if record is None else record.to_config(),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Table":
        """The table that `to_config` described.

        Raises:
            DataError: The description is not one.
        """
        try:
            record = config["standardization"]
            columns = [
                Column(**(column | {"categories": tuple(column.get("categories", ()))}))
                for column in config["columns"]
            ]
            standardization = None if record is None else Standardization.from_config(record)
            return cls(tuple(columns), config["form"], config["label"], standardization)
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"This describes no table. Received: {config!r}.") from error


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
    cells = table.decode(batch)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(cells)
    writer.writerows(zip(*cells.values(), strict=True))
    return write_atomically(path, text.getvalue())


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
    import difflib

    wanted = list(cells) if columns is None else list(columns)
    for name in [*wanted, *([] if label is None else [label])]:
        if name not in cells:
            near = difflib.get_close_matches(name, list(cells), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
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
