"""Paths of results and reports; a file that no benchmark wrote is never overwritten."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from benchmarks.errors import BenchmarkError

SUFFIX = ".jsonl"

# Suffix of a report → text in one of its first lines.
MARKS = {
    ".md": "threads for every subject, idle spinning off",
    ".html": "<title>genzoo benchmark</title>",
}
HEAD = 8
"""Lines that are searched for a report's mark."""


def check_path(results: Path) -> None:
    """Raises where a report would overwrite the results, or a file that is no report.

    Raises:
        BenchmarkError: The name does not end in `.jsonl`, the path is no regular file, or a file
            beside it has the name of a report and is none.
    """
    if results.suffix != SUFFIX:
        raise BenchmarkError(
            f"The name of a file of results ends in {SUFFIX}. Received: {results}. "
            f"Accepted: {results.stem or 'bench'}{SUFFIX}"
        )
    if results.exists() and not results.is_file():
        raise BenchmarkError(
            f"Results are a file. Received: {results}, which is no file. Accepted: another name."
        )
    for suffix, mark in MARKS.items():
        report = results.with_suffix(suffix)
        if report.exists() and not _is_marked(report, mark):
            raise BenchmarkError(
                f"The report of {results} goes to {report}, which must be a report or absent. "
                "Received: a file that is no report of a benchmark. Accepted: another name."
            )


def _is_marked(path: Path, mark: str) -> bool:
    if not path.is_file():
        return False
    with open(path, encoding="utf-8", errors="replace") as file:
        return any(mark in line for line in islice(file, HEAD))
