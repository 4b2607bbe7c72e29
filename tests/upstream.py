"""Runs the programs of `docs/upstream.md`: which faults of other packages are still there.

`python -m tests.upstream [WORD …]` runs those whose sentence holds a word, each in a process of its
own on the backend that it names. The exit code is 1 where a fault is gone, so that what was built
around it can go too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).resolve().parents[1] / "docs/upstream.md"
PROGRAM = re.compile(
    r"\*\*(?P<fault>[^*]+)\*\*[^*]*?```py backend=(?P<backend>\w+)\n(?P<text>.*?)```", re.DOTALL
)


class Program(NamedTuple):
    """A program that ends without an error where a fault is there."""

    fault: str
    backend: str
    text: str


def programs() -> list[Program]:
    """The programs of the page, in order."""
    found = PROGRAM.finditer(PAGE.read_text())
    return [Program(" ".join(m["fault"].split()), m["backend"], m["text"]) for m in found]


def run(program: Program) -> str:
    """Says of a fault `there`, `gone`, or how its program fails."""
    done = subprocess.run(
        [sys.executable, "-c", program.text],
        env=os.environ | {"KERAS_BACKEND": program.backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode == 0:
        return "there"
    last = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
    return "gone" if last.startswith("AssertionError") else f"fails: {last}"


def main() -> int:
    """Prints a line for each fault; 1 where one is not there."""
    words = sys.argv[1:]
    code = 0
    for program in programs():
        if words and not any(word.lower() in program.fault.lower() for word in words):
            continue
        state = run(program)
        code |= state != "there"
        print(f"{state:6} {program.backend:10} {program.fault}", flush=True)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
