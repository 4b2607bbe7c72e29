"""Samples as a file that can be looked at: a picture, a text or a table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo.data.field import Range
from zoo.files import write_atomically
from zoo.plotting.grid import save_grid

BREAKS = "\x7f\x85\u2028\u2029"
"""What ends a line, or controls a terminal, beside the characters below the space."""


def save_preview(
    samples: np.ndarray,
    path: Path,
    *,
    value_range: Range | None,
    description: Mapping[str, Any],
    columns: int | None = None,
) -> Path:
    """Writes samples in the form of the data that they imitate, and returns the file's path.

    Token indices and rows of a table become the file that `as_text` says, all else a grid (`.png`).

    Args:
        samples: `(count, *shape)`, as a model makes them.
        path: The file; its suffix is replaced.
        value_range: As of `save_grid`.
        description: Of the data, or a model's settings; see `as_text`.
        columns: Images in a row.

    Raises:
        DataError: The samples cannot be drawn.
        TargetError: The file cannot be written.
    """
    found = as_text(samples, description)
    if found is not None:
        suffix, text = found
        return write_atomically(path.with_suffix(suffix), text)
    grid = path.with_suffix(".png")
    return save_grid(samples, grid, value_range=value_range, columns=columns)


def as_text(
    samples: np.ndarray, description: Mapping[str, Any], labels: np.ndarray | None = None
) -> tuple[str, str] | None:
    """Returns samples as the text of a file, and the file's suffix; None for numbers alone.

    Token indices become lines (`.txt`), in which line breaks and other control characters are
    escaped, as a backslash and an n; rows of a table become cells (`.csv`).

    Args:
        samples: `(count, *shape)`, as a model makes them.
        description: Of the data, as `Data.description` gives it: `vocabulary` and `tokens`, or
            `table`; or a model's settings, which call the table `schema`.
        labels: Classes of the rows of a table that has a column of labels.
    """
    if "vocabulary" in description:
        from zoo.data.sources.text import decode_text

        rows = decode_text(samples, description["vocabulary"], description["tokens"])
        return ".txt", "".join(_line(row) + "\n" for row in rows)
    config = description.get("schema") or description.get("table")
    if config is None or samples.ndim != 2:
        return None
    from zoo.data.sources.table import Table, table_text

    table = Table.from_config(config)
    if table.form != "one-hot" and table.categories:
        return None
    fields = {"data": samples} | ({} if labels is None else {"labels": labels})
    return ".csv", table_text(table, fields)


def _line(text: str) -> str:
    """The text in one line."""
    return "".join(
        letter.encode("unicode_escape").decode() if letter in BREAKS or ord(letter) < 32 else letter
        for letter in text
    )
