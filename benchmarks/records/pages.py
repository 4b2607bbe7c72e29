"""What a script does with the page that it has made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from zoo.files import write_atomically


def show(text: str, path: Path | None, rows: Iterable[Mapping[str, Any]] | None = None) -> None:
    """Prints a page, and writes it where a file is named, its rows in a `.jsonl` beside it."""
    print(text)
    if path is None:
        return
    write_atomically(path, text)
    if rows is not None:
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        write_atomically(path.with_suffix(".jsonl"), lines)
