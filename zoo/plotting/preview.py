"""Samples as a file that can be looked at: a picture, a text or a table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo.data.field import Range
from zoo.files import write_atomically
from zoo.plotting.grid import save_grid


def save_preview(
    samples: np.ndarray,
    path: Path,
    *,
    value_range: Range | None,
    description: Mapping[str, Any],
    columns: int | None = None,
) -> Path:
    """Writes samples in the form of the data that they imitate, and returns the file's path.

    Token indices become lines of a `.txt` file, rows of a table a `.csv` file, everything else a
    grid (`.png`).

    Args:
        samples: `(count, *shape)`, as a model makes them.
        path: The file; its suffix is replaced.
        value_range: As of `save_grid`.
        description: Of the data, as `Data.description` gives it.
        columns: Images in a row.

    Raises:
        DataError: The samples cannot be drawn.
        TargetError: The file cannot be written.
    """
    if "vocabulary" in description:
        from zoo.data.sources.text import decode_text

        rows = decode_text(samples, description["vocabulary"], description["tokens"])
        lines = "".join(repr(row)[1:-1] + "\n" for row in rows)  # A line break within is \n.
        return write_atomically(path.with_suffix(".txt"), lines)
    if "table" in description and samples.ndim == 2:
        from zoo.data.sources.table import Table, write_table

        table = Table.from_config(description["table"])
        if table.form == "one-hot" or not table.categories:
            return write_table(path.with_suffix(".csv"), table, samples)
    grid = path.with_suffix(".png")
    return save_grid(samples, grid, value_range=value_range, columns=columns)
