"""Samples as a picture, text or a table: drawn with the exported graphs themselves."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from export.runtime.engine import Graph, open_session, run
from zoo.errors import DataError
from zoo.plotting.preview import save_preview
from zoo.uses import Call, Use, complete_inputs, run_in_batches

PICTURES = 64
COLUMNS = 8
MAX_COLUMNS = 16


def save_samples(
    path: Path,
    folder: Path,
    table: Mapping[str, Use],
    value_range: tuple[float, float] | None,
    settings: Mapping[str, Any],
) -> Path | None:
    """Draws with the first use that needs no data; the file of what it gives, where there is one.

    Args:
        path: The file of the picture; that of text ends in `.txt`, that of a table in `.csv`.
        folder: The folder of the parts' graphs.
        table: The resolved uses.
        value_range: Of the data.
        settings: Of the model.
    """
    found = ((n, u) for n, u in table.items() if u.inputs and set(u.inputs) <= set(u.draws))
    name, use = next(found, (None, None))
    if name is None or use is None:
        return None
    classes = [noise.size for noise in use.draws.values() if noise.distribution == "in_turn"]
    columns = next((size for size in classes if size and size <= MAX_COLUMNS), COLUMNS)
    inputs = complete_inputs(name, use, {}, count=PICTURES // columns * columns)
    images = next(iter(run_in_batches(use, _graphs(folder), inputs, PICTURES).values()))
    with suppress(DataError):  # samples of a kind that has no picture
        return save_preview(
            images, path, value_range=value_range, description=settings, columns=columns
        )
    return None


def _graphs(folder: Path) -> Call:
    """Calls the graphs of a folder."""
    opened: dict[str, Graph] = {}

    def call(part: str, feed: Mapping) -> dict:
        if part not in opened:
            opened[part] = open_session(folder / f"{part}.onnx")
        return run(opened[part], feed)

    return call
