"""Results as JSON lines: whole units of work, so that an interrupted run can go on.

The rows of a unit are appended in one write that ends with a `done` row; `records.schema` has the
kinds of rows, `records.parse` the rule of which lines count. One run at a time writes a file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import filelock

from benchmarks.errors import BenchmarkError
from benchmarks.records.differences import check_same
from benchmarks.records.parse import parse
from benchmarks.records.schema import Conditions, Done, Row, first


class Results:
    """A file of results, which this run alone adds to until it is closed.

    Args:
        path: The file; it is made, or continued.
        conditions: A continued file must have those that are `comparable`, too.
        overwrite: Replaces the file's content.

    Raises:
        BenchmarkError: The file is in use, holds a run under other conditions, or no results.
    """

    def __init__(
        self, path: str | Path, conditions: Conditions, *, overwrite: bool = False
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
        """Releases the file's lock."""
        self._lock.release()

    def add(self, unit: str, rows: Sequence[Row]) -> None:
        """Appends a whole unit; it is on the disk when this returns.

        Before the first unit of a new run there is no file, or still the one that is overwritten.
        """
        written = [*rows, Done(unit=unit)]
        if self._first:
            written = [*self._first, Done(unit=Conditions.kind), *written]
            self.done.add(Conditions.kind)
            self._first = []
            self.path.write_text("")
        text = "".join(json.dumps(row.to_json()) + "\n" for row in written)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self.rows += rows
        self.done.add(unit)

    def _acquire(self) -> None:
        """Locks the file for this process; the system releases it when the process ends."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except filelock.Timeout:
            raise BenchmarkError(
                f"One run at a time writes a file of results. Received: {self.path}, in use. "
                "Accepted: another file, or this one when that run has ended."
            ) from None

    def _begin(self, conditions: Conditions, overwrite: bool) -> None:
        if self.path.exists() and self.path.stat().st_size:
            if not overwrite:
                self._resume(conditions)
                return
            _check_results(self.path)
        self._first = [conditions]
        self.rows += self._first

    def _resume(self, conditions: Conditions) -> None:
        found = parse(self.path)
        self.rows = list(found.rows)
        check_same(first(self.rows).comparable(), conditions.comparable(), self.path)
        self.done = set(found.done)
        with open(self.path, "r+b") as file:
            file.truncate(found.length)
            file.seek(found.length - 1)
            if file.read(1) != b"\n":  # An editor has taken the last one away.
                file.write(b"\n")


def read(path: str | Path) -> list[Row]:
    """The rows of a file's complete units; the first are its conditions.

    Raises:
        BenchmarkError: The file is absent, holds no results, or is damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise BenchmarkError(f"{path} is not a file of results.")
    return list(parse(path).rows)


def _check_results(path: Path) -> None:
    """Raises where no benchmark wrote the file; damaged results may be overwritten."""
    with open(path, "rb") as file:
        line = file.readline()
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict) or row.get("kind") != Conditions.kind:
        raise BenchmarkError(
            f"Only results may be overwritten. Received: {path}, which holds something else. "
            "Accepted: another file."
        )
