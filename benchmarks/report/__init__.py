"""Reports of a run: tables for a terminal, Markdown, and one HTML page with plots."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.records.schema import Row
from benchmarks.report.analysis import OURS, Analysis
from benchmarks.report.page import conditions, page
from benchmarks.report.timings import tables
from benchmarks.tasks import TRAIN

__all__ = ["Analysis", "markdown", "publish", "text", "write"]


def write(rows: Sequence[Row], path: Path) -> tuple[list[Path], str]:
    """Writes the reports beside a file of results.

    Args:
        rows: Of the file.
        path: The file.

    Returns:
        The files `….md` and `….html`, and the tables for a terminal.
    """
    from zoo.files import write_atomically

    analysis = Analysis(rows)
    pages = {".md": markdown(analysis), ".html": page(analysis)}
    files = [write_atomically(path.with_suffix(end), text) for end, text in pages.items()]
    return files, text(analysis)


def publish(rows: Sequence[Row], path: Path) -> None:
    """Writes the reports, prints the tables, and names the files on stderr."""
    files, shown = write(rows, path)
    print(shown)
    print("\n".join(map(str, files)), file=sys.stderr)


def text(analysis: Analysis) -> str:
    """The tables for a terminal; all timings where a use is in none of the others.

    The table of inference has the tasks that ONNX Runtime completed.
    """
    uses = [task for task in analysis.tasks if task.workload != TRAIN]
    complete = all(OURS in analysis.times[task] for task in uses)
    shown = [t for t in tables(analysis) if t.title != "All timings" or not complete]
    return "\n\n".join(table.text() for table in shown)


def markdown(analysis: Analysis) -> str:
    """The report as Markdown."""
    parts = ["# Benchmark", "", conditions(analysis), ""]
    return "\n".join([*parts, *(table.markdown() for table in tables(analysis))])
