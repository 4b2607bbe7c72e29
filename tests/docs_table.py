"""Writes the table of models into the README: `python -m tests.docs_table`, or `make docs`."""

from __future__ import annotations

from pathlib import Path

from zoo.registry import TABLE

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- models: made by `make docs` -->\n", "<!-- end of models -->\n"


def table() -> str:
    """A row for each model: name, kind, idea, source."""
    rows = [
        f"| `{name}` | {row.kind} | {row.summary} | {row.paper} |" for name, row in TABLE.items()
    ]
    return "\n".join(["| name | kind | idea | source |", "|---|---|---|---|", *rows]) + "\n"


def with_table(text: str) -> str:
    """The README's text with the table as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
