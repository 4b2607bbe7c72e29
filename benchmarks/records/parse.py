"""The lines of a file of results: which of them count, and which are damaged.

Units end in a `done` row, so a run that was cut off loses only the unit under way: rows after the
last `done` row are left out, and so is a last line that was not written to its end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.records.row import SHOWN, Row
from benchmarks.records.schema import (
    FORMAT,
    KINDS,
    Conditions,
    Done,
    SubjectInfo,
    Timing,
    of_kind,
    to_row,
)


@dataclass(frozen=True)
class Content:
    """The rows of a file's complete units, their names, and how many bytes they take."""

    rows: Sequence[Row]
    done: frozenset[str]
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
        content = _decoded(line)
        if content is None and number == len(lines) and not line.endswith(b"\n") and rows:
            break  # The run ended while it was being written.
        if not rows:
            _check_first(content, path)
        row = _parsed(content, line, f"line {number} of {path}")
        if rows and isinstance(row, Conditions):
            raise BenchmarkError(
                f"A file holds one run. Received: line {number} of {path}, where a second begins."
            )
        rows.append(row)
        if isinstance(row, Done):
            kept, length = len(rows), position
    if not kept:
        raise _no_results(path)
    done = frozenset(row.unit for row in of_kind(rows[:kept], Done))
    complete = [row for row in rows[:kept] if not isinstance(row, Done)]
    _check_subjects(complete, path)
    return Content(complete, done, length)


def _decoded(line: bytes) -> Any:
    """The line's JSON value; None where it is no JSON."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def _parsed(content: Any, line: bytes, where: str) -> Row:
    try:
        return to_row(content)
    except BenchmarkError as error:
        raise BenchmarkError(f"{error}, in {where}.") from None
    except (KeyError, TypeError):
        shown = line[:SHOWN].decode(errors="replace").strip()
        raise BenchmarkError(
            f"A line of results is an object of a known kind. Received: {where}, which is damaged: "
            f"{shown!r}. Accepted: {', '.join(KINDS)}"
        ) from None


def _check_first(row: Any, path: Path) -> None:
    if not isinstance(row, dict) or row.get("kind") != Conditions.kind:
        raise _no_results(path)
    if row.get("format", FORMAT) != FORMAT:
        raise BenchmarkError(
            f"Results have a known format. Received: {row['format']!r}, in {path}. "
            f"Accepted: {FORMAT}"
        )


def _check_subjects(rows: Sequence[Row], path: Path) -> None:
    known = {row.subject for row in of_kind(rows, SubjectInfo)}
    for row in of_kind(rows, Timing):
        if row.subject not in known:
            raise BenchmarkError(
                f"A subject that was timed has a row of its own. Received: {path}, without one of "
                f"{row.subject}."
            )


def _no_results(path: Path) -> BenchmarkError:
    return BenchmarkError(f"{path} holds no results. Accepted: a file that zoo bench wrote.")
