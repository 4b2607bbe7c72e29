"""Writes the tables of models into README and docs: `python -m tests.docs_table`, `make docs`."""

from __future__ import annotations

import re
from pathlib import Path

from zoo import registry

ROOT = Path(__file__).resolve().parents[1]
README, PAGE = ROOT / "README.md", ROOT / "docs" / "models.md"
BEGIN, END = "<!-- models: made by `make docs` -->\n", "<!-- end of models -->\n"
TITLES = {
    "autoencoders": "Autoencoders",
    "gans": "GANs",
    "hybrids": "Autoencoders and GANs together",
}


def names_by_kind() -> dict[str, list[str]]:
    """The names of each kind, in the order of the registry."""
    rows = registry.TABLE.items()
    return {kind: [name for name, row in rows if row.kind == kind] for kind in TITLES}


def short_table() -> str:
    """The README's: a row for each kind."""
    lines = ["| kind | models |", "|---|---|"]
    for kind, names in names_by_kind().items():
        anchor = TITLES[kind].lower().replace(" ", "-")
        listed = " · ".join(f"`{name}`" for name in names)
        lines.append(f"| [{TITLES[kind]}](docs/models.md#{anchor}) | {listed} |")
    return "\n".join(lines) + "\n"


def full_tables() -> str:
    """The page's: for each kind, a row for each model."""
    lines = []
    for kind, names in names_by_kind().items():
        lines += [f"\n## {TITLES[kind]}\n", "| name | idea | source |", "|---|---|---|"]
        for name in names:
            row = registry.TABLE[name]
            lines.append(f"| `{name}` | {row.summary} | {linked(row.paper)} |")
    return "\n".join(lines) + "\n\n"


def linked(source: str) -> str:
    """The source, with a link to each paper on arXiv."""
    return re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"[arXiv:\1](https://arxiv.org/abs/\1)", source)


def with_table(text: str, table: str) -> str:
    """The text with the table as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table + END + after


def pages() -> dict[Path, str]:
    """The files that hold a table, and their text as it should be."""
    tables = {README: short_table(), PAGE: full_tables()}
    return {path: with_table(path.read_text(), table) for path, table in tables.items()}


if __name__ == "__main__":
    from tests.export import coverage

    for path, text in (pages() | {coverage.PAGE: coverage.page()}).items():
        path.write_text(text)
