"""Trains every image model at one small budget, judges them, and writes a table and pictures.

The folder holds a row for each model, a page, and contact sheets. A leaderboard that was
interrupted goes on with the models that it lacks.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from benchmarks.leaderboard.budget import Budget
from benchmarks.leaderboard.folder import NOTES, PAGE, Folder, machine
from benchmarks.leaderboard.table import page
from benchmarks.options import select_models
from zoo.cli import sources, terminal, values
from zoo.cli.errors import UsageError
from zoo.data.load import NAMES
from zoo.files import write_atomically
from zoo.registry import models

EXAMPLES = """\
examples:
  zoo leaderboard --data digits --out leaderboard
  zoo leaderboard --data digits --models "*vae" gan --steps 300 --out quick
  zoo leaderboard --data mnist.npz --features mnist.onnx --out mnist
"""
DEFAULT = Budget()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the data, the models, the budget, and the folder."""
    sources.add_arguments(parser, help=f"images: {', '.join(NAMES)}, or a path")
    parser.add_argument(
        "--models",
        nargs="+",
        default=["*"],
        metavar="NAME",
        help="names or patterns (all); or file.py:Class",
    )
    parser.add_argument(
        "--steps",
        type=values.count,
        default=DEFAULT.steps,
        metavar="N",
        help=f"of each model ({DEFAULT.steps})",
    )
    parser.add_argument(
        "--batch-size",
        type=values.count,
        default=DEFAULT.batch_size,
        metavar="N",
        help=f"rows of an update ({DEFAULT.batch_size})",
    )
    parser.add_argument("--features", metavar="FILE", help="as of zoo evaluate")
    parser.add_argument("--count", type=values.count, metavar="N", help="as of zoo evaluate")
    parser.add_argument("--seed", type=values.seed, default=DEFAULT.seed, metavar="N", help="(0)")
    parser.add_argument(
        "--out", type=Path, default=Path("leaderboard"), metavar="DIR", help="(leaderboard)"
    )


def run(options: argparse.Namespace) -> int:
    """Trains what is missing, writes the page, and prints its path; 1 where a model failed."""
    names = select_models(options.models)
    source = sources.source_of(options)
    if "data" not in source:
        raise UsageError(f"--data is needed. Accepted: {', '.join(NAMES)}, or a path.")
    train, test = sources.load(source)
    backend = terminal.choose_backend()
    from zoo.metrics import Reference

    reference = Reference(train, test, features=options.features, count=options.count)
    budget = Budget(options.steps, options.batch_size, options.seed)
    conditions = {
        **reference.describe(),
        **budget.to_json(),
        "backend": backend,
        "machine": machine(),
    }
    conditions["data"] = Path(str(conditions["data"])).stem
    folder = Folder(options.out, conditions)
    for name in names:
        if name not in folder.rows:
            terminal.note(f"{name}: training")
            folder.add(_row(name, reference, budget, options.out))
            _write_page(folder, options)
    _write_page(folder, options)
    print(options.out / PAGE)
    return int(any("failed" in row for row in folder.rows.values()))


def _row(name: str, reference: Any, budget: Budget, folder: Path) -> dict[str, Any]:
    """A model's row; of one that fails, why, so that the others are trained all the same."""
    import keras

    from benchmarks.leaderboard.run import make_row

    try:
        row = make_row(name, reference, budget, folder)
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        row = {"model": name, "failed": f"{type(error).__name__}: {first}"}
        terminal.note(f"{name}: {row['failed']}")
    keras.utils.clear_session()
    return row


def _write_page(folder: Folder, options: argparse.Namespace) -> None:
    words = ["zoo", "leaderboard", "--data", folder.conditions["data"]]
    words += ["--steps", str(options.steps), "--batch-size", str(options.batch_size)]
    names = dict.fromkeys([*models(), *folder.rows])
    ordered = [folder.rows[name] for name in names if name in folder.rows]
    notes = folder.path / NOTES
    found = notes.read_text() if notes.exists() else ""
    text = page(ordered, folder.conditions, shlex.join(words), found)
    write_atomically(folder.path / PAGE, text)
