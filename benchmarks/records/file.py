"""Results as JSON lines: whole units of work, so that an interrupted run can go on.

A row is an object with a `"kind"`. The rows of a unit are appended in one write that ends with a
`done` row; `benchmarks.records.schema` says what counts of a file. One run at a time writes a file.

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
| left_out   | what was asked for and is not measured, and why                           |
| done       | the unit of the rows before it is complete                                |
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import filelock

from benchmarks.errors import BenchmarkError
from benchmarks.records.differences import refuse_differences
from benchmarks.records.schema import Row, parse

__all__ = ["Results", "Row", "comparable", "of_kind", "read"]


class Results:
    """A file of results that is added to, by this run alone until it is closed.

    Args:
        path: The file; it is made, or continued.
        conditions: What must be the same where a file is continued: see `comparable`.
        overwrite: Starts anew.

    Raises:
        BenchmarkError: The file is in use, holds a run under other conditions, or is none.
    """

    def __init__(
        self, path: str | Path, conditions: Mapping[str, Any], *, overwrite: bool = False
    ) -> None:
        self.path = Path(path)
        self.rows: list[Row] = []
        self.done: set[str] = set()
        self._first: list[Row] = []
        # Beside the file: taking a lock empties the file that it is on.
        self._lock = filelock.FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=0)
        self._acquire()
        try:
            self._begin(conditions, overwrite)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Results:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the file back."""
        self._lock.release()

    def add(self, unit: str, rows: Sequence[Row]) -> None:
        """Appends a whole unit; it is on the disk when this returns.

        Before the first unit of a new run there is no file, or still the one that is overwritten.
        """
        written = [*rows, {"kind": "done", "unit": unit}]
        if self._first:
            written = [*self._first, {"kind": "done", "unit": "conditions"}, *written]
            self.done.add("conditions")
            self._first = []
            self.path.write_text("")
        text = "".join(json.dumps(row) + "\n" for row in written)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self.rows += rows
        self.done.add(unit)

    def _acquire(self) -> None:
        """Takes the file for this process; the system gives it back when the process ends."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except filelock.Timeout:
            raise BenchmarkError(
                f"One run at a time writes a file of results. Received: {self.path}, in use. "
                "Accepted: another file, or this one when that run has ended."
            ) from None

    def _begin(self, conditions: Mapping[str, Any], overwrite: bool) -> None:
        if self.path.exists() and self.path.stat().st_size:
            if not overwrite:
                self._resume(conditions)
                return
            _refuse_other_content(self.path)
        self._first = [{"kind": "conditions", **conditions}]
        self.rows += self._first

    def _resume(self, conditions: Mapping[str, Any]) -> None:
        found = parse(self.path)
        self.rows = [row for row in found.rows if row["kind"] != "done"]
        refuse_differences(comparable(self.rows[0]), comparable(conditions), self.path)
        self.done = {row["unit"] for row in found.rows if row["kind"] == "done"}
        with open(self.path, "r+b") as file:
            file.truncate(found.length)
            file.seek(found.length - 1)
            if file.read(1) != b"\n":  # An editor has taken the last one away.
                file.write(b"\n")


def read(path: str | Path) -> list[Row]:
    """The rows of a file's complete units.

    Raises:
        BenchmarkError: The file is not there, holds no results, or is damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise BenchmarkError(f"{path} is not a file of results.")
    return [row for row in parse(path).rows if row["kind"] != "done"]


def comparable(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the conditions that must not change within one file."""
    keys = ("processor", "cores", "threads", "device", "commit", "versions", "plan")
    return {key: json.loads(json.dumps(conditions.get(key))) for key in keys}


def of_kind(rows: Sequence[Row], kind: str) -> list[Row]:
    """The rows of one kind."""
    return [row for row in rows if row["kind"] == kind]


def _refuse_other_content(path: Path) -> None:
    """Refuses to overwrite what no benchmark wrote; results that are damaged may go."""
    with open(path, "rb") as file:
        line = file.readline()
    try:
        first = json.loads(line)
    except ValueError:
        first = None
    if not isinstance(first, dict) or first.get("kind") != "conditions":
        raise BenchmarkError(
            f"Only results may be overwritten. Received: {path}, which holds something else. "
            "Accepted: another file."
        )
