"""Results as JSON lines: whole units of work, so that an interrupted run can go on.

A row is an object with a `"kind"`. The rows of a unit are appended in one write that ends with a
`done` row; what follows the last `done` row was cut off, and is dropped.

| kind       | what                                                                      |
|------------|---------------------------------------------------------------------------|
| conditions | the machine, the versions and the settings; the first row                 |
| subject    | a subject's versions, device and start-up                                 |
| model      | a model's workloads, shape and number of weights                          |
| export     | seconds, bytes and nodes of a part by a route, or its error               |
| cost       | floating-point operations and bytes of a workload                         |
| time       | seconds per call of a subject at a task, round by round, or its error     |
| operators  | ONNX Runtime's seconds by operator, where it was not the fastest          |
| cold       | a new process: start, load, first answer, peak memory                     |
| done       | the unit of the rows before it is complete                                |
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError

Row = dict[str, Any]


class Results:
    """A file of results that is added to.

    Args:
        path: The file; it is made, or continued.
        conditions: What must be the same where a file is continued: see `comparable`.
        overwrite: Starts anew.

    Raises:
        BenchmarkError: The file holds a run under other conditions, or is none.
    """

    def __init__(
        self, path: str | Path, conditions: Mapping[str, Any], *, overwrite: bool = False
    ) -> None:
        self.path = Path(path)
        self.rows: list[Row] = []
        self.done: set[str] = set()
        if self.path.exists() and not overwrite:
            self._resume(conditions)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text("")
            self.add("conditions", [{"kind": "conditions", **conditions}])

    def add(self, unit: str, rows: Sequence[Row]) -> None:
        """Appends a whole unit; it is on the disk when this returns."""
        written = [*rows, {"kind": "done", "unit": unit}]
        text = "".join(json.dumps(row) + "\n" for row in written)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self.rows += rows
        self.done.add(unit)

    def _resume(self, conditions: Mapping[str, Any]) -> None:
        complete, length = _complete(self.path)
        self.rows = [row for row in complete if row["kind"] != "done"]
        if not self.rows or self.rows[0]["kind"] != "conditions":
            raise BenchmarkError(f"{self.path} exists and holds no results.")
        before, now = comparable(self.rows[0]), comparable(conditions)
        changed = [key for key in now if before.get(key) != now[key]]
        if changed:
            raise BenchmarkError(
                f"{self.path} holds a run with another {changed[0]}: {before.get(changed[0])}. "
                f"Received: {now[changed[0]]}. Continue it as it was, or name another file."
            )
        self.done = {row["unit"] for row in complete if row["kind"] == "done"}
        os.truncate(self.path, length)


def read(path: str | Path) -> list[Row]:
    """The rows of a file's complete units.

    Raises:
        BenchmarkError: The file is not there, or holds no results.
    """
    path = Path(path)
    if not path.is_file():
        raise BenchmarkError(f"{path} is not a file of results.")
    rows = [row for row in _complete(path)[0] if row["kind"] != "done"]
    if not rows or rows[0]["kind"] != "conditions":
        raise BenchmarkError(f"{path} holds no results.")
    return rows


def comparable(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the conditions that must not change within one file."""
    keys = ("processor", "cores", "threads", "device", "commit", "versions", "plan")
    return {key: json.loads(json.dumps(conditions.get(key))) for key in keys}


def of_kind(rows: Sequence[Row], kind: str) -> list[Row]:
    """The rows of one kind."""
    return [row for row in rows if row["kind"] == kind]


def _complete(path: Path) -> tuple[list[Row], int]:
    """The rows up to the last complete unit, and how many bytes they take."""
    rows: list[Row] = []
    kept, length, position = 0, 0, 0
    for line in path.read_bytes().splitlines(keepends=True):
        position += len(line)
        try:
            row = json.loads(line)
        except ValueError:
            break
        if not isinstance(row, dict) or "kind" not in row or not line.endswith(b"\n"):
            break
        rows.append(row)
        if row["kind"] == "done":
            kept, length = len(rows), position
    return rows[:kept], length
