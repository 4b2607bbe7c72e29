"""Reports of a run: tables for a terminal, Markdown, and one HTML page with plots."""

from __future__ import annotations

from pathlib import Path

from benchmarks.records.file import read
from benchmarks.report.analysis import Analysis
from benchmarks.report.page import conditions, page
from benchmarks.report.timings import tables

__all__ = ["Analysis", "markdown", "text", "write"]


def write(path: Path) -> tuple[list[Path], str]:
    """Writes the reports beside a file of results.

    Returns:
        The files `….md` and `….html`, and the tables for a terminal.

    Raises:
        BenchmarkError: The file holds no results.
    """
    from zoo.files import write_atomically

    analysis = Analysis(read(path))
    pages = {".md": markdown(analysis), ".html": page(analysis)}
    files = [write_atomically(path.with_suffix(end), text) for end, text in pages.items()]
    return files, text(analysis)


def text(analysis: Analysis) -> str:
    """The tables for a terminal."""
    shown = [table for table in tables(analysis) if table.title != "All timings"]
    return "\n\n".join(table.text() for table in shown)


def markdown(analysis: Analysis) -> str:
    """The report as Markdown."""
    parts = ["# Benchmark", "", conditions(analysis), ""]
    return "\n".join([*parts, *(table.markdown() for table in tables(analysis))])
