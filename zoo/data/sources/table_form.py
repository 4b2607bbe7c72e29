"""How the columns of a table become fields, and fields the columns of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.data.sources.columns import Column, read_categories, read_numbers, write_numbers
from zoo.data.standardization import Standardization
from zoo.errors import DataError


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
        hot = [np.eye(len(c.categories))[indices[c.name]] for c in self.categories]
        return {"data": np.concatenate([numbers, *hot], axis=1)}

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
        ends = len(self.numbers) + np.cumsum([len(c.categories) for c in self.categories])
        return {
            c.name: data[:, end - len(c.categories) : end].argmax(axis=1)
            for c, end in zip(self.categories, ends, strict=True)
        }

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
