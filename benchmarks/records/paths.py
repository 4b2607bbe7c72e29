"""Where results and their reports go: no file that is somebody else's is replaced."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from benchmarks.errors import BenchmarkError

SUFFIX = ".jsonl"

# Reports' suffixes, and what one of the first lines of each report says.
MARKS = {
    ".md": "threads for every subject, idle spinning off",
    ".html": "<title>genzoo benchmark</title>",
}
HEAD = 8
"""Lines in which a report's mark is looked for."""


def refuse_place(results: Path) -> None:
    """Refuses a file of results whose reports would replace it, or a file of somebody else's.

    Raises:
        BenchmarkError: The name does not end in `.jsonl`, something that is no file is there, or
            a file beside it has the name of a report and is none.
    """
    if results.suffix != SUFFIX:
        raise BenchmarkError(
            f"The name of a file of results ends in {SUFFIX}. Received: {results}. "
            f"Accepted: {results.stem or 'bench'}{SUFFIX}"
        )
    if results.exists() and not results.is_file():
        raise BenchmarkError(
            f"Results are a file. Received: {results}, which is none. Accepted: another name."
        )
    for suffix, mark in MARKS.items():
        report = results.with_suffix(suffix)
        if report.exists() and not _is_marked(report, mark):
            raise BenchmarkError(
                f"The report of {results} goes to {report}, which must be a report or absent. "
                f"Received: a file that is no report of a benchmark. Accepted: another name."
            )


def _is_marked(path: Path, mark: str) -> bool:
    if not path.is_file():
        return False
    with open(path, encoding="utf-8", errors="replace") as file:
        return any(mark in line for line in islice(file, HEAD))
