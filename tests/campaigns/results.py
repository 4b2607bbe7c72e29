"""The records of campaigns, and the table made of them."""

import json
import platform
from pathlib import Path
from typing import Any

from zoo.files import write_atomically

# One thread adds in one order, so that a resumed run on TensorFlow ends bit for bit the same.
ENVIRONMENT = {
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
HEAD = """\
# Killed trainings and damaged files

Made by `python -m tests.campaigns kills --backend BACKEND --count 30` and
`python -m tests.campaigns damage --backend BACKEND`, which say what is counted.

- **Kills**: SIGKILL or SIGTERM at a random moment of `zoo train`, a new run, `--overwrite` or
  `--resume`, then a resume. *Equal*: the run ends as an uninterrupted one: checkpoint, model, log,
  pictures and description, bit for bit, with no file too many. *Lost*: neither the older run nor
  the newer one is whole.
- **Damage**: one file of a run folder or of a bundle is truncated, flipped in a bit, replaced by
  junk, removed, or given wrong types and missing keys inside (in bundles with hashes that are
  right again), then a command reads it. *Share*: of these commands, drawn by the seed. *Rejected*:
  one line and exit code 1 or 2. *Accepted*: the command does without what was damaged, or the
  damage is still a valid file.
"""
COLUMNS = {
    "kills": ["kills", "SIGKILL", "SIGTERM", "new", "overwrite", "resume", "equal", "lost"],
    "damage": ["share", "damages", "commands", "rejected", "accepted", "crashed"],
}
ALWAYS = ["tracebacks", "others touched"]


def conditions() -> dict[str, Any]:
    """Where and with what a campaign ran."""
    from benchmarks.records.environment import commit, versions
    from export.machine import processor

    return {
        "commit": commit(),
        "processor": processor(),
        "python": platform.python_version(),
        "versions": versions(),
    }


def add(path: Path, record: dict[str, Any]) -> None:
    """Puts a record into the file, in place of an older one of the same campaign and backend."""
    lines = path.read_text().splitlines() if path.exists() else []
    key = (record["campaign"], record["backend"])
    records = [json.loads(line) for line in lines]
    kept = [r for r in records if (r["campaign"], r["backend"]) != key]
    kept = sorted([*kept, record], key=lambda r: (r["campaign"], r["backend"]), reverse=True)
    write_atomically(path, "".join(json.dumps(r) + "\n" for r in kept))
    write_atomically(path.with_suffix(".md"), page(kept))


def page(records: list[dict[str, Any]]) -> str:
    """The Markdown page."""
    lines = [HEAD]
    for campaign, columns in COLUMNS.items():
        names = ["backend", *columns, *ALWAYS, "seconds", "commit"]
        lines += ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
        for record in records:
            if record["campaign"] == campaign:
                cells = {**record, "commit": str(record["commit"])[:8]}
                lines.append("| " + " | ".join(str(cells[name]) for name in names) + " |")
        lines.append("")
    found = [f"- {record['backend']}, {p}" for record in records for p in record["problems"]]
    lines += ["What went wrong:", "", *found, ""] if found else []
    for record in records[:1]:
        named = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
        lines.append(f"{record['processor']}, one core; Python {record['python']}; {named}.")
    return "\n".join(lines) + "\n"


def row(record: dict[str, Any]) -> str:
    """A record's numbers in one line."""
    names = [*COLUMNS[record["campaign"]], *ALWAYS]
    return ", ".join(f"{name} {record[name]}" for name in names)
