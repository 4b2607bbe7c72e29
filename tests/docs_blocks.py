"""Runs the commands and Python blocks of the documentation, page by page.

`python -m tests.docs_blocks [PAGE …]` runs every page in a folder of its own: Python blocks share
one namespace, `zoo` commands run in this process, and a block marked `file=NAME` is written to a
file.
Blocks after an HTML comment `<!-- not run: reason -->` are left out. Other commands of `sh` blocks,
such as make and pip, are not run.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(
    r"(?P<comment><!-- not run: [^>]*-->\n)?```(?P<language>python|sh)(?: file=(?P<file>\S+))?\n"
    r"(?P<text>.*?)```",
    re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A block of a page: its language, text, the file that it is, and the line it begins at."""

    language: str
    text: str
    file: str | None
    line: int


def blocks(page: Path) -> list[Block]:
    """The blocks of a page that are run, in order."""
    text = page.read_text()
    return [
        Block(m["language"], m["text"], m["file"], text[: m.start()].count("\n") + 1)
        for m in BLOCK.finditer(text)
        if m["comment"] is None
    ]


def pages() -> list[Path]:
    """The README and the pages of docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(text: str) -> list[list[str]]:
    """The `zoo` commands of a block, continued lines joined, comments and variables left out."""
    joined = text.replace("\\\n", " ")
    lines = (line.strip() for line in joined.splitlines())
    found = []
    for line in lines:
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"\w+=.*", words[0]):
            words.pop(0)  # KERAS_BACKEND=…: one process has one backend
        if words and words[0] == "zoo":
            found.append(words[1:])
    return found


def run_page(page: Path) -> list[str]:
    """Runs a page in a new folder; what failed, a line each."""
    problems = []
    namespace: dict[str, object] = {"__name__": "docs"}
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.path.insert(0, folder)
        try:
            for block in blocks(page):
                place = f"{page.relative_to(ROOT)}:{block.line}"
                if block.file is not None:
                    Path(block.file).write_text(block.text)
                elif block.language == "python":
                    try:
                        exec(compile(block.text, place, "exec"), namespace)
                    except Exception:
                        problems.append(f"{place}: {traceback.format_exc(limit=-3)}")
                else:
                    problems += [p for words in commands(block.text) for p in _run(words, place)]
        finally:
            os.chdir(before)
            sys.path.remove(folder)
    return problems


def _run(words: list[str], place: str) -> list[str]:
    from zoo.cli import main

    printed = io.StringIO()
    started = time.monotonic()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = main(words)
    print(f"  {time.monotonic() - started:5.1f} s  zoo {shlex.join(words)}", flush=True)
    shown = f"{place}: zoo {shlex.join(words)} exits with {code}:\n{printed.getvalue()[-800:]}"
    return [shown] if code else []


def run_pages() -> int:
    """Runs the pages that are named, or all; 1 where something failed."""
    chosen = [Path(name).resolve() for name in sys.argv[1:]] or pages()
    failed = 0
    for page in chosen:
        print(page.relative_to(ROOT), flush=True)
        for problem in run_page(page):
            failed += 1
            print(problem, flush=True)
    print(f"{failed} problems")
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(run_pages())
