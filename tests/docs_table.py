"""Writes what is generated of README, docs and results: `python -m tests.docs_table`, `make docs`.

With `--check` it writes nothing, and tells which files are not as they should be.
"""

from __future__ import annotations

import re
import sys
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
            page = f"[`{name}`](models/{name}.md)"
            lines.append(f"| {page} | {row.summary} | {linked(row.paper)} |")
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


def run() -> int:
    """Writes the tables and the pages, or lists what is out of date."""
    from benchmarks.papers import published
    from tests import docs_models
    from tests.export import coverage

    wanted = pages() | docs_models.pages() | {coverage.PAGE: coverage.page()}
    wanted[published.PAGE] = published.page()
    stale = [path for path, text in wanted.items() if not _holds(path, text)]
    stale += sorted(set(docs_models.FOLDER.glob("*.md")) - set(wanted))
    for path in stale:
        print(path.relative_to(ROOT))
    if "--check" in sys.argv[1:]:
        return int(bool(stale))
    docs_models.FOLDER.mkdir(exist_ok=True)
    for path in stale:
        path.write_text(wanted[path]) if path in wanted else path.unlink()
    return 0


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text() == text


if __name__ == "__main__":
    raise SystemExit(run())
