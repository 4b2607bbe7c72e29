"""A leaderboard's folder: a row a line, a page, sheets; finished models are not trained again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from export.machine import cores, processor
from zoo.errors import RunError
from zoo.files import write_atomically

ROWS, PAGE, SHEETS, NOTES = "leaderboard.jsonl", "leaderboard.md", "sheets", "notes.md"
UNSETTLED = ("machine",)
"""Conditions under which a leaderboard may be continued though they differ."""


class Folder:
    """The rows that are there, and those that come.

    Args:
        path: The folder.
        conditions: The conditions that all rows have in common.

    Raises:
        RunError: The folder's rows were made under other conditions, or cannot be read.
    """

    def __init__(self, path: Path, conditions: Mapping[str, Any]) -> None:
        self.path = path
        self.conditions = dict(conditions)
        self.rows: dict[str, dict[str, Any]] = {}
        if (path / ROWS).is_file():
            self._read()

    def _read(self) -> None:
        try:
            first, *lines = map(json.loads, (self.path / ROWS).read_text().splitlines())
            found = first["conditions"]
            self.rows = {row["model"]: row for row in lines if "failed" not in row}
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"{self.path / ROWS} is no leaderboard: {error}") from error
        different = [
            key
            for key in self.conditions
            if key not in UNSETTLED and found.get(key) != self.conditions[key]
        ]
        if different:
            key = different[0]
            raise RunError(
                f"A leaderboard has one set of conditions. Received: {key} "
                f"{self.conditions[key]!r}, and rows made with {found.get(key)!r} in {self.path}. "
                "Accepted: the same, or another folder."
            )

    def add(self, row: dict[str, Any]) -> None:
        """Adds a row and writes the file anew."""
        self.rows[row["model"]] = row
        lines = [{"conditions": self.conditions}, *self.rows.values()]
        text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
        write_atomically(self.path / ROWS, text)


def sheet(name: str) -> str:
    """The file of a model's contact sheet; names of users' own models hold paths."""
    plain = re.sub(r"[^\w.-]+", "_", name)
    return f"{SHEETS}/{plain}.png"


def machine() -> str:
    """The processor and the cores that this process may use, in words."""
    count = len(cores())
    return f"{count} core{'' if count == 1 else 's'} of {processor()}"
