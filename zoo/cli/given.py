"""Rows of a table that hold given categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo.cli.errors import UsageError
from zoo.cli.opened import Opened
from zoo.data.sources.table_form import Table
from zoo.errors import suggestion

ROUNDS = 50
"""Draws, each of as many rows as are asked for, among which those that hold are looked for."""

Given = Mapping[str, str]


def parsed(words: Sequence[str] | None, opened: Opened) -> dict[str, str]:
    """Column → category, of `COLUMN=CATEGORY` words.

    Raises:
        UsageError: The model makes no table, or has no such column or category.
    """
    if not words:
        return {}
    schema = opened.about.settings.get("schema")
    if schema is None:
        raise UsageError(f"--given is for tables. Received: {opened.path}, which makes none.")
    known = {c.name: c.categories for c in Table.from_config(schema).categories}
    found = {}
    for word in words:
        column, equals, category = word.partition("=")
        if not equals or column not in known:
            raise UsageError(
                f"--given is COLUMN=CATEGORY. Received: {word!r}.{suggestion(column, known)} "
                f"Accepted: columns {', '.join(known) or 'none'}."
            )
        if category not in known[column]:
            raise UsageError(
                f"A category is one of the column's. Received: {word!r}."
                f"{suggestion(category, known[column])} Accepted: {', '.join(known[column])}."
            )
        found[column] = category
    return found


def draw(opened: Opened, given: Given, count: int, seed: int, **options: Any) -> np.ndarray:
    """Rows `(count, features)` that hold every given category.

    A model with the use `sample_given` draws them for the first one; of the rows drawn, those that
    hold all are kept. Round after round has a seed of its own.

    Args:
        opened: The model or bundle.
        given: Column → category.
        count: How many rows.
        seed: Of the draws.
        options: Of the use.

    Raises:
        UsageError: Too few rows hold them.
    """
    table = Table.from_config(opened.about.settings["schema"])
    places = {name: category_place(table, name, given[name]) for name in given}
    use = "sample_given" if "sample_given" in opened.table else "sample"
    inputs = {}
    if use == "sample_given":
        first = places[next(iter(given))] - len(table.numbers)
        inputs["category"] = np.full(count, first, "int32")
    kept: list[np.ndarray] = []
    for number in range(ROUNDS):
        drawn = opened.use(use, count=count, seed=seed + number, **options, **inputs)["data"]
        holds = np.ones(len(drawn), bool)
        for name, place in places.items():
            size = len(next(c for c in table.categories if c.name == name).categories)
            start = category_place(table, name)
            holds &= drawn[:, start : start + size].argmax(axis=1) == place - start
        kept.append(drawn[holds])
        if sum(map(len, kept)) >= count:
            return np.concatenate(kept)[:count]
    wanted = ", ".join(f"{name}={category}" for name, category in given.items())
    raise UsageError(
        f"{sum(map(len, kept))} of {ROUNDS * count} rows drawn hold {wanted}, fewer than the "
        f"{count} asked for. Accepted: a smaller --count, or fewer conditions."
    )


def category_place(table: Table, column: str, category: str | None = None) -> int:
    """The place in a row of a column's first category, or of one of its categories."""
    place = len(table.numbers)
    for other in table.categories:
        if other.name == column:
            return place + (0 if category is None else other.categories.index(category))
        place += len(other.categories)
    raise KeyError(column)
