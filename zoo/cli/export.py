"""Turns a run into a bundle: a folder with each part as a certified ONNX file.

Every part is compared with the native model, on real data where the run's data can be read. One
that differs by more than the tolerance fails, and leaves nothing behind.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from zoo.cli import sources, terminal
from zoo.errors import DataError

EXAMPLES = """\
examples:
  zoo export runs/vae --to bundles/vae
  zoo export runs/vae --to bundles/vae --overwrite --opset 17 --second-opinion
"""
REAL = 68
"""Rows of real data that the certificate's batches take."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the run, the bundle, and how to convert."""
    parser.add_argument("run", type=Path, metavar="RUN", help="a run folder or a .keras file")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="the bundle's folder")
    parser.add_argument("--opset", type=int, metavar="N", help="ONNX operator set, from 17")
    parser.add_argument(
        "--route",
        default="direct",
        metavar="ROUTE",
        help="direct, or the backend's own converter: tf2onnx, torch, jax2onnx (direct)",
    )
    parser.add_argument(
        "--second-opinion",
        action="store_true",
        help="ask the backend's own converter too, and compare",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the bundle in the folder")
    parser.add_argument("--json", action="store_true", help="print the certificates as JSON")


def run(options: argparse.Namespace) -> None:
    """Exports and prints a row for each part."""
    terminal.choose_backend()
    import export
    import zoo
    from zoo.training.run import read_run

    model = zoo.load(options.run)
    record = read_run(options.run) if (options.run / "run.json").is_file() else None
    terminal.note(f"exporting {options.run} to {options.to}")
    with terminal.results_only():
        folder = export.to_bundle(
            model,
            options.to,
            real_inputs=_real_inputs(model, (record or {}).get("source")),
            route=options.route,
            opset=options.opset,
            overwrite=options.overwrite,
            run=record,
            second_opinion=options.second_opinion,
        )
    parts = certificates(folder)
    if options.json:
        terminal.print_json({"bundle": str(folder), "parts": parts})
        return
    terminal.print_table([summary(part, content) for part, content in parts.items()])
    print(f"\n{folder}")


def certificates(bundle: Path) -> dict[str, dict[str, Any]]:
    """The content of a bundle's certificates by part."""
    return json.loads((bundle / "certificate.json").read_text())["parts"]


def summary(part: str, certificate: dict[str, Any]) -> dict[str, Any]:
    """A part's certificate as a row of a table."""
    return {
        "part": part,
        "nodes": certificate["nodes"],
        "KiB": round(certificate["bytes"] / 1024),
        "inputs": certificate["inputs"],
    } | closeness(certificate)


def closeness(certificate: dict[str, Any]) -> dict[str, Any]:
    """How close ONNX Runtime came: the worst relative difference, and its part of the tolerance."""
    rows = certificate["deviations"]
    used = max((row["conditioned"] for row in rows), default=None)
    return {
        "difference": max((row["relative"] for row in rows), default=None),
        "of tolerance": None if used is None else f"{used:.1%}",
    }


def _real_inputs(model: Any, source: dict[str, Any] | None) -> dict[str, np.ndarray] | None:
    """The first rows of the training data, scaled; None where they cannot be read any more."""
    if source is None:
        return None
    try:
        data, _ = sources.load(source)
    except DataError as error:
        terminal.note(f"warning: certified without real data. {error}")
        return None
    return data.batch(np.arange(min(REAL, len(data))), model.value_range)
