"""The demo's report: pictures, certificates and timings in one Markdown page."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo.cli import terminal
from zoo.files import write_atomically


def write_report(out: Path, commands: Sequence[str], rows: Sequence[dict[str, Any]]) -> Path:
    """Writes `report.md` about a demo's folder and returns its path.

    Args:
        out: The folder, with `runs/`, `pictures/` and `bundles/`.
        commands: The commands that were run.
        rows: The table of latencies.
    """
    runs = {path.parent.name: _json(path) for path in sorted((out / "runs").glob("*/run.json"))}
    first = next(iter(runs.values()))
    versions = ", ".join(
        f"{name} {number}"
        for name, number in first["versions"].items()
        if name in ("genzoo", "keras", "numpy") or name.startswith(first["backend"])
    )
    lines = [
        "# Demo: digits, from data to certified ONNX",
        "",
        f"Keras on {first['backend']}, device {first['device']}, {os.cpu_count()} cores, "
        f"{platform.platform()}. {versions}.",
        "",
        "## Latency and certificates",
        "",
        "Milliseconds a call, medians of rounds that alternate between the native model, called as "
        "its backend usually is, and ONNX Runtime in one process; *times faster* is the median of "
        "the ratios within rounds. The *largest difference* is that of the outputs over all of the "
        "certificate's inputs, a thousand times larger ones than usual among them; *of the "
        "tolerance* is the part of the certificate's tolerance that was taken at most.",
        "",
        *markdown_table(rows),
        "",
        "## Pictures",
        "",
    ]
    for picture in sorted((out / "pictures").glob("*.png")):
        lines += [f"### {picture.stem.replace('-', ': ')}", "", f"![](pictures/{picture.name})", ""]
    lines += ["## Training", ""]
    lines += [*markdown_table([_training(out, name, run) for name, run in runs.items()]), ""]
    lines += ["## How it was made", "", "```", *commands, "```", ""]
    lines += ["## How a bundle is used", "", "```python", "import export.runtime", ""]
    for bundle in sorted((out / "bundles").iterdir()):
        lines += [f'images = export.runtime.load("{bundle}").sample(16, seed=0)']
    lines += ["```", ""]
    return write_atomically(out / "report.md", "\n".join(lines))


def markdown_table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The lines of a Markdown table."""
    names = list(rows[0])
    cells = [[terminal.text(row[name]) for name in names] for row in rows]
    lines = [names, ["---"] * len(names), *cells]
    return [f"| {' | '.join(line)} |" for line in lines]


def _training(out: Path, name: str, run: dict[str, Any]) -> dict[str, Any]:
    log = [
        json.loads(line) for line in (out / "runs" / name / "log.jsonl").read_text().splitlines()
    ]
    losses = {key: value for key, value in log[-1].items() if key.endswith("loss")}
    return {
        "model": name,
        "samples": run["data"]["count"],
        "batch size": run["training"]["batch_size"],
        "epochs": log[-1]["epoch"],
        "steps": log[-1]["step"],
        "seconds": round(sum(line["seconds"] for line in log), 1),
        "last losses": ", ".join(f"{key} {value:.4g}" for key, value in losses.items()),
    }


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())
