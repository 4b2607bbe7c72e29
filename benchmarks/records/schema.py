"""The lines of a file of results: what each kind of row holds, and which lines count.

Units end in a `done` row, so a run that was cut off has lost nothing but the unit under way: its
rows after the last `done` row are left out, and so is a last line that was not written to its end.
Anything else that is no row is damage, of which the reader is told where it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError

Row = dict[str, Any]

FORMAT = 1
SHOWN = 40
"""Characters of a damaged line that are shown."""

NUMBER = "a number"
ROUNDS = "a list of numbers"
TYPES: Mapping[str, type] = {"a text": str, "a list": list, "an object": dict}

_TASK = {"model": "a text", "workload": "a text", "batch": NUMBER}
_ENTRY = {**_TASK, "subject": "a text"}

# Kind → what every row of it holds, and what is added where there is no error.
KINDS: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "conditions": ({}, {}),
    "subject": ({"subject": "a text", "type": "a text"}, {}),
    "model": ({"model": "a text"}, {"workloads": "a list"}),
    "export": ({"model": "a text", "route": "a text"}, {"part": "a text", "bytes": NUMBER}),
    "cost": (_TASK, {"flops": NUMBER, "bytes": NUMBER}),
    "time": (_ENTRY, {"rounds": ROUNDS, "best": NUMBER, "first": NUMBER}),
    "operators": (_ENTRY, {"fastest": "a text", "seconds": "an object"}),
    "cold": (_ENTRY, dict.fromkeys(("start", "load", "first", "peak_memory"), NUMBER)),
    "left_out": ({"error": "a text"}, {}),
    "done": ({"unit": "a text"}, {}),
}

# Beside the table: what certified exports have too, and what conditions are where they are there.
CERTIFIED = {"tolerance_used": NUMBER, "seconds": "an object", "nodes": NUMBER}
TOLD = {"versions": "an object", "plan": "an object", "instructions": "a list"}


@dataclass(frozen=True)
class Content:
    """The rows of a file's complete units, and how many of its bytes they take."""

    rows: Sequence[Row]
    length: int


def parse(path: Path) -> Content:
    """Reads a file of results.

    Raises:
        BenchmarkError: The file holds no results, those of another format, or a damaged line.
    """
    rows: list[Row] = []
    kept, length, position = 0, 0, 0
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        position += len(line)
        if not line.strip():
            continue
        where = f"line {number} of {path}"
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if row is None and number == len(lines) and not line.endswith(b"\n") and rows:
            break  # The run ended while writing it.
        if not rows:
            _check_beginning(row, path)
        _check(row, line, where)
        if rows and row["kind"] == "conditions":
            raise BenchmarkError(f"A file holds one run. Received: {where}, where a second begins.")
        rows.append(row)
        if row["kind"] == "done":
            kept, length = len(rows), position
    complete = rows[:kept]
    if not complete:
        raise BenchmarkError(f"{path} holds no results. Accepted: a file that zoo bench wrote.")
    _check_subjects(complete, path)
    return Content(complete, length)


def _check_beginning(row: Any, path: Path) -> None:
    if not isinstance(row, dict) or row.get("kind") != "conditions":
        raise BenchmarkError(f"{path} holds no results. Accepted: a file that zoo bench wrote.")
    if row.get("format", FORMAT) != FORMAT:
        raise BenchmarkError(
            f"The format of results is one that is known here. Received: {row['format']!r}, "
            f"in {path}. Accepted: {FORMAT}"
        )


def _check(row: Any, line: bytes, where: str) -> None:
    """Refuses what is no row, or lacks what its kind has."""
    kind = row.get("kind") if isinstance(row, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        shown = line[:SHOWN].decode(errors="replace").strip()
        raise BenchmarkError(
            f"A line of results is an object of a known kind. Received: {where}, which is damaged: "
            f"{shown!r}. Accepted: {', '.join(KINDS)}"
        )
    always, without_error = KINDS[kind]
    wanted = {**always, **({} if "error" in row else without_error)}
    if kind == "export" and "tolerance_used" in row:
        wanted |= CERTIFIED
    if kind == "conditions":
        wanted |= {key: what for key, what in TOLD.items() if key in row}
    for key, what in wanted.items():
        if key not in row or not _is(row[key], what):
            received = f"{key}={row[key]!r}"[:SHOWN] if key in row else f"no {key}"
            raise BenchmarkError(
                f"A row of the kind {kind} has {key}, {what}. Received: {received}, in {where}."
            )


def _is(value: Any, what: str) -> bool:
    if what == ROUNDS:
        return isinstance(value, list) and bool(value) and all(_is(v, NUMBER) for v in value)
    if what == NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return isinstance(value, TYPES[what])


def _check_subjects(rows: Sequence[Row], path: Path) -> None:
    known = {row["subject"] for row in rows if row["kind"] == "subject"}
    for row in rows:
        if row["kind"] == "time" and "error" not in row and row["subject"] not in known:
            raise BenchmarkError(
                f"A subject that was timed has a row of its own. Received: {path}, without one of "
                f"{row['subject']}."
            )
