"""Trains two models on handwritten digits, exports, certifies and times them: a few minutes.

Nothing is downloaded. Each step is a command, shown as it runs. The folder then holds pictures,
bundles and a report; another demo in the same folder replaces them.
"""

from __future__ import annotations

import argparse
import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.commands.demo_report import write_report
from zoo.backends import choose
from zoo.cli import build_parser, terminal, values
from zoo.errors import RunError
from zoo.files import write_atomically

EXAMPLES = """\
examples:
  zoo demo
  KERAS_BACKEND=torch zoo demo --out runs/demo-torch
  zoo demo --epochs 2         a quick look, with pictures to match
"""
MARK = "demo.json"
OWN = {MARK, "report.md", "runs", "bundles", "pictures"}


@dataclass(frozen=True)
class DemoModel:
    """A model of the demo: its training, the parts that are timed, the commands that draw it."""

    name: str
    epochs: int
    settings: tuple[str, ...]
    parts: tuple[str, ...]
    pictures: tuple[str, ...]


SUBJECTS = (
    DemoModel(
        "vae",
        60,
        (
            "latent_dim=10",
            "likelihood=gaussian",
            "stddev=0.2",
            "learning_rate=0.002",
            "network_options.width=32",
            "network_options.depth=2",
        ),
        ("encoder", "decoder"),
        ("sample", "reconstruct", "interpolate"),
    ),
    DemoModel(
        "dcgan",
        50,
        (
            "latent_dim=32",
            "width=16",
            "network_options.depth=2",
            "learning_rate=0.001",
            "ema=0.99",
        ),
        ("generator",),
        ("sample", "interpolate"),
    ),
)
BATCHES = (1, 16)
SECONDS = 1.0
"""For each part and batch size."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the folder, the length and the seed."""
    parser.add_argument(
        "--out", type=Path, default=Path("runs/demo"), metavar="DIR", help="(runs/demo)"
    )
    lengths = ", ".join(f"{entry.epochs} for {entry.name}" for entry in SUBJECTS)
    parser.add_argument("--epochs", type=values.count, metavar="N", help=f"of both ({lengths})")
    parser.add_argument("--seed", type=values.seed, default=0, metavar="N", help="(0)")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")


def run(options: argparse.Namespace) -> None:
    """Runs every step, prints the table and the paths of the files."""
    out = options.out
    _claim(out)
    terminal.choose_backend()
    commands: list[str] = []
    rows: list[dict[str, Any]] = []
    for entry in SUBJECTS:
        _run(commands, *_training(entry, options))
        for verb in entry.pictures:
            picture = out / "pictures" / f"{entry.name}-{verb}.png"
            _run(commands, verb, str(out / "runs" / entry.name), "--out", str(picture))
        bundle = out / "bundles" / entry.name
        _run(
            commands, "export", str(out / "runs" / entry.name), "--out", str(bundle), "--overwrite"
        )
        rows += [{"model": entry.name} | row for row in _measure(entry, out, bundle)]
    report = write_report(out, commands, rows)
    write_atomically(out / MARK, json.dumps({"rows": rows}, indent=2) + "\n")
    if options.json:
        terminal.print_json(rows)
        return
    terminal.print_table(rows)
    print()
    terminal.print_pairs(
        {"pictures": out / "pictures", "bundles": out / "bundles", "report": report}
    )


def _claim(out: Path) -> None:
    """Checks that the folder is empty or an earlier demo's, and marks it.

    Raises:
        RunError: It holds something else.
    """
    if out.exists() and not out.is_dir():
        raise RunError(f"A demo goes into a folder. Received: {out}, which is a file.")
    present = {path.name for path in out.iterdir()} if out.exists() else set()
    if present and (MARK not in present or present - OWN):
        foreign = sorted(present - OWN or present)
        raise RunError(
            f"A demo goes into a new folder, or its own. Received: {out}, which holds "
            f"{', '.join(foreign[:3])}. Accepted: --out with another folder."
        )
    if present:
        terminal.note(f"replacing the earlier demo in {out}")
    write_atomically(out / MARK, "{}\n")


def _training(entry: DemoModel, options: argparse.Namespace) -> list[str]:
    epochs = options.epochs or entry.epochs
    words = ["train", entry.name, "--data", "digits", "--epochs", str(epochs)]
    words += ["--set", *entry.settings, "--seed", str(options.seed)]
    return [*words, "--out", str(options.out / "runs" / entry.name), "--overwrite"]


def _run(commands: list[str], *words: str) -> None:
    """Runs a command of this command line; its output goes to stderr."""
    commands.append(shlex.join(["zoo", *words]))
    terminal.note(f"$ {commands[-1]}")
    options = build_parser(words).parse_args(words)
    with terminal.results_only():
        options.handler(options)


def _measure(entry: DemoModel, out: Path, bundle: Path) -> list[dict[str, Any]]:
    """A row for each timed part and batch size: milliseconds a call, and the certificate."""
    import zoo
    from benchmarks.measure.latency import compare
    from benchmarks.native import USUAL
    from export.commands.export import certificates, closeness

    model = zoo.load(out / "runs" / entry.name)
    with model.averaged_weights():
        parts = {name: model.parts()[name] for name in entry.parts}
        terminal.note(f"timing {', '.join(parts)} of {entry.name}")
        found = compare(parts, bundle, batches=BATCHES, seconds=SECONDS)
    backend = choose()
    issued = certificates(bundle)["parts"]
    return [
        {
            "part": row.part,
            "batch": row.batch,
            "native": f"{backend} {USUAL[backend]}",
            "native ms": round(row.native.median * 1e3, 4),
            "onnx ms": round(row.onnxruntime.median * 1e3, 4),
            "times faster": round(row.speedup.value, 2),
        }
        | closeness(issued[row.part])
        for row in found
    ]
