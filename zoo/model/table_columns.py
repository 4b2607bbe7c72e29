"""What models of tables have in common: the columns of a row, numbers first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from zoo.data.sources.table_form import Table
from zoo.errors import ModelError
from zoo.settings import Settings, setting

if TYPE_CHECKING:
    from zoo.data import Data

TINY = {
    "columns": [
        {"name": "age", "kind": "integer", "fill": 0.0},
        {"name": "height", "kind": "number", "fill": 0.0},
        {"name": "city", "kind": "category", "categories": ["Bern", "Oslo", "Rome"]},
    ],
    "form": "one-hot",
    "label": None,
    "standardization": None,
}


class TableColumns(Settings):
    """The settings of a model whose rows are numbers, then one-hot columns of each category."""

    if TYPE_CHECKING:
        require: Callable[..., None]
        value_range: tuple[float, float] | None
        standardizes: bool
        standardize: keras.Model
        destandardize: keras.Model

    shape: tuple[int, ...] = setting(
        "Shape of one row: (features,), numbers and one-hot columns.", at_least=1, tiny=(5,)
    )
    schema: dict | None = setting(
        "Columns and categories, as the data describe them; None where all are numbers.",
        default=None,
        tiny=TINY,
    )

    accepts: Sequence[str] = ("vector",)

    def check_columns(self) -> None:
        """Checks that the rows hold the columns of the schema.

        Raises:
            ModelError: They do not.
        """
        width = self.numbers + sum(self.category_sizes)
        self.require(
            self.shape == (width,), f"the table's data have {width} columns", shape=self.shape
        )
        self.require(self.value_range is None, "cells have no bounds", value_range=self.value_range)

    @classmethod
    def facts(cls, data: Data) -> dict[str, Any]:
        """Also the table, which is kept with the model."""
        found = super().facts(data)  # type: ignore[misc]
        table = data.origin.get("table")
        if table is not None and table["form"] != "one-hot" and Table.from_config(table).categories:
            raise ModelError(
                f'{cls.__name__} reads categories as one-hot columns. Received: form="index". '
                'Accepted: form="one-hot".'
            )
        return found | {"value_range": None, "schema": table}

    def adapt(self, data: Any) -> None:
        """Numbers alone are standardized, also of arrays, which do not tell them from one-hots."""
        super().adapt(data)  # type: ignore[misc]
        for part in (self.standardize, self.destandardize) if self.standardizes else ():
            layer = part.get_layer("standardization")
            for weight, value in ((layer.mean, 0.0), (layer.stddev, 1.0)):
                known = ops.convert_to_numpy(weight).copy()
                known[self.numbers :] = value
                weight.assign(known)

    @property
    def numbers(self) -> int:
        """How many columns are numbers, which come first."""
        if self.schema is None:
            return self.shape[0]
        return len(Table.from_config(self.schema).numbers)

    @property
    def category_sizes(self) -> tuple[int, ...]:
        """How many values each category has, in the order of their one-hot columns."""
        if self.schema is None:
            return ()
        return tuple(len(c.categories) for c in Table.from_config(self.schema).categories)

    def blocks(self, x: Any) -> list[Any]:
        """The one-hot columns, or the logits, of each category: the last columns of x."""
        first = x.shape[1] - sum(self.category_sizes)
        found = []
        for size in self.category_sizes:
            found.append(x[:, first : first + size])
            first += size
        return found
