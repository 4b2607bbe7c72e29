"""Trains two models on handwritten digits, exports, certifies and times them: a few minutes.

Nothing is downloaded. Each step is a command that is shown as it runs, to be used on your own
data. Pictures, bundles and a report lie in the folder afterwards; it belongs to the demo, which
replaces what an earlier one left there.
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
class Subject:
    """A model of the demo: how it is trained, which parts are timed, how it is pictured."""

    name: str
    epochs: int
    settings: tuple[str, ...]
    parts: tuple[str, ...]
    pictures: tuple[str, ...]


SUBJECTS = (
    Subject(
        "vae",
        60,
        (
            "latent_dim=10",
            "likelihood=gaussian",
            "deviation=0.2",
            "learning_rate=0.002",
            "network_options.width=32",
            "network_options.depth=2",
        ),
        ("encoder", "decoder"),
        ("sample", "reconstruct", "interpolate"),
    ),
    Subject(
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
    lengths = ", ".join(f"{subject.epochs} for {subject.name}" for subject in SUBJECTS)
    parser.add_argument("--epochs", type=values.count, metavar="N", help=f"of both ({lengths})")
    parser.add_argument("--seed", type=values.seed, default=0, metavar="N", help="(0)")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")


def run(options: argparse.Namespace) -> None:
    """Runs every step, prints the table, and says where everything lies."""
    out = options.out
    _claim(out)
    terminal.choose_backend()
    commands: list[str] = []
    rows: list[dict[str, Any]] = []
    for subject in SUBJECTS:
        _run(commands, *_training(subject, options))
        for verb in subject.pictures:
            picture = out / "pictures" / f"{subject.name}-{verb}.png"
            _run(commands, verb, str(out / "runs" / subject.name), "--out", str(picture))
        bundle = out / "bundles" / subject.name
        _run(
            commands, "export", str(out / "runs" / subject.name), "--to", str(bundle), "--overwrite"
        )
        rows += [{"model": subject.name} | row for row in _measure(subject, out, bundle)]
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
    """Makes sure that the folder is empty, or an earlier demo's.

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


def _training(subject: Subject, options: argparse.Namespace) -> list[str]:
    epochs = options.epochs or subject.epochs
    words = ["train", subject.name, "--data", "digits", "--epochs", str(epochs)]
    words += ["--set", *subject.settings, "--seed", str(options.seed)]
    return [*words, "--out", str(options.out / "runs" / subject.name), "--overwrite"]


def _run(commands: list[str], *words: str) -> None:
    """Runs a command of this command line; what it prints goes to stderr."""
    commands.append(shlex.join(["zoo", *words]))
    terminal.note(f"$ {commands[-1]}")
    options = build_parser(words).parse_args(words)
    with terminal.results_only():
        options.handler(options)


def _measure(subject: Subject, out: Path, bundle: Path) -> list[dict[str, Any]]:
    """A row for each timed part and batch size: milliseconds a call, and the certificate."""
    import zoo
    from benchmarks.measure.latency import compare
    from benchmarks.native import USUAL
    from export.commands.export import certificates, closeness

    model = zoo.load(out / "runs" / subject.name)
    with model.averaged_weights():
        parts = {name: part for name, part in model.parts().items() if name in subject.parts}
        terminal.note(f"timing {', '.join(parts)} of {subject.name}")
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
