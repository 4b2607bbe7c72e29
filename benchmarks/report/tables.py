"""Tables, once as data and then as text, Markdown or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

MISSING = "–"
"""The cell of a missing measurement."""


@dataclass(frozen=True)
class Table:
    """A title, a sentence on how to read it, headers, and rows of text.

    Attributes:
        left: How many columns, from the first, are aligned to the left.
    """

    title: str
    note: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1

    def text(self) -> str:
        """Aligned columns for a terminal."""
        lines = [self.header, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.header))]
        body = [self._line(line, widths) for line in lines]
        body.insert(1, "  ".join("─" * width for width in widths))
        return "\n".join([f"{self.title}", *body])

    def markdown(self) -> str:
        """A Markdown table under a heading."""
        marks = [":--" if column < self.left else "--:" for column in range(len(self.header))]
        lines = [self.header, marks, *self.rows]
        body = [
            "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
        ]
        return "\n".join([f"## {self.title}", "", self.note, "", *body, ""])

    def html(self) -> str:
        """A table; its frame scrolls sideways where it does not fit, and shows that by a shadow."""
        head = "".join(self._cell("th", column, cell) for column, cell in enumerate(self.header))
        body = "".join(
            "<tr>" + "".join(self._cell("td", c, cell) for c, cell in enumerate(row)) + "</tr>\n"
            for row in self.rows
        )
        return (
            f"<section><h2>{escape(self.title)}</h2>\n<p>{escape(self.note)}</p>\n"
            f'<div class="scroll" tabindex="0"><table>\n<thead><tr>{head}</tr></thead>\n'
            f"<tbody>\n{body}</tbody></table></div></section>\n"
        )

    def _cell(self, tag: str, column: int, content: str) -> str:
        kind = "" if column < self.left else ' class="number"'
        return f"<{tag}{kind}>{escape(content)}</{tag}>"

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        padded = [
            cell.ljust(width) if column < self.left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()


def seconds(value: float) -> str:
    """A duration with three significant digits: `1.24 ms`."""
    for unit, factor in (("s", 1.0), ("ms", 1e-3)):
        if value >= 0.9995 * factor:  # what rounds to 1.00
            return f"{_three(value / factor)} {unit}"
    return f"{_three(value / 1e-6)} µs"


def size(count: float) -> str:
    """Bytes: `2.2 MB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{_three(count / factor)} {unit}"
    return f"{count:.0f} B"


def times(value: float) -> str:
    """A ratio: `2.31×`."""
    return f"{_three(value)}×"


def _three(value: float) -> str:
    """Three significant digits without an exponent."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
