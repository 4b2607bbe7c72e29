"""Rows that a model makes, as files: text as lines, a table as cells, all else as a picture."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.cli.errors import UsageError
from zoo.plotting.preview import as_text

TEXTS = (".txt", ".csv")


def check_out(about: Any, out: Path | None) -> None:
    """Checks that a file is for what a model makes.

    Args:
        about: The model or the bundle's manifest.
        out: The file, or None.

    Raises:
        UsageError: It is for something else, or a picture has no file.
    """
    settings = about.settings
    text, table = "vocabulary" in settings, settings.get("schema") is not None
    accepted = [".txt" if text else ".csv" if table else ".png", ".npy", ".npz"]
    if out is None and not (text or table):
        raise UsageError("--out is needed: the file of the picture, such as out.png.")
    if out is not None and out.suffix.lower() not in accepted:
        kind = "text" if text else "tables" if table else "pictures"
        raise UsageError(f"This model makes {kind}. Received: {out}. Accepted: {accepted[0]}.")


def write_text(
    rows: np.ndarray,
    about: Any,
    out: Path | None,
    *,
    labels: np.ndarray | None = None,
    walk: int | None = None,
    shown: bool = True,
) -> bool:
    """Writes text or a table, or prints it; whether rows are one of them.

    Args:
        rows: `(count, *shape)`, as a model makes them.
        about: The model or the bundle's manifest.
        out: The file; None prints.
        labels: The classes of the rows of a table.
        walk: How many lines of text belong together: an empty line stands between them.
        shown: Whether what has no file is printed.
    """
    found = as_text(rows, about.settings, labels)
    if found is None:
        return False
    suffix, text = found
    if walk is not None and suffix == ".txt":
        lines = text.splitlines()
        walks = ("\n".join(lines[i : i + walk]) for i in range(0, len(lines), walk))
        text = "\n\n".join(walks) + "\n"
    if out is None:
        sys.stdout.write(text if shown else "")
    else:
        from zoo.files import write_atomically

        write_atomically(out, text)
    return True


def agreement(originals: np.ndarray, rebuilt: np.ndarray, settings: Any) -> dict[str, float]:
    """How near reconstructions are: the share of tokens or categories that are right, and errors.

    Tokens count up to a text's first `<end>`; a column that is constant has the deviation 1.

    Args:
        originals: `(count, *shape)`.
        rebuilt: The same rows as a model makes them.
        settings: The model's.
    """
    if "vocabulary" in settings:
        from zoo.data.sources.text import END

        vocabulary = list(settings["vocabulary"])
        ends = originals == (vocabulary.index(END) if END in vocabulary else -1)
        counted = np.cumsum(ends, axis=1) - ends < 1
        return {"tokens_right": float(np.mean((originals == rebuilt)[counted]))}
    if settings.get("schema") is None:
        return {"mean_squared_error": float(np.mean(np.square(originals - rebuilt)))}
    from zoo.data.sources.table_form import Table

    table = Table.from_config(settings["schema"])
    count = len(table.numbers)
    found: dict[str, float] = {}
    if count:
        deviation = originals[:, :count].std(axis=0)
        deviation = np.where(deviation > 0, deviation, 1)
        error = np.abs(originals[:, :count] - rebuilt[:, :count]) / deviation
        found["numbers_error_in_deviations"] = float(np.mean(error))
    if table.categories:
        names = [column.name for column in table.categories]
        cells = (table.decode(rows) for rows in (originals, rebuilt))
        pairs = ([row[name] for name in names] for row in cells)
        found["categories_right"] = float(np.mean(np.array(next(pairs)) == np.array(next(pairs))))
    return found


def alternating(layers: Sequence[np.ndarray]) -> np.ndarray:
    """The first row of each array, then the second of each, and on."""
    stacked = np.stack(list(layers), axis=1)
    return stacked.reshape(-1, *stacked.shape[2:])
