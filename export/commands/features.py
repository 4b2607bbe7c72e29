"""Trains a small classifier of images and writes it as ONNX: the features of zoo evaluate.

The same seed gives the same classifier. The file's hash is part of every result that it is used
for. ONNX Runtime runs it, so that models of every backend are judged by the same features.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from zoo.cli import sources, terminal, values
from zoo.cli.errors import UsageError
from zoo.data.load import NAMES
from zoo.errors import ZooError
from zoo.metrics.features import KIND, Network

EXAMPLES = """\
examples:
  zoo features train --data mnist.npz --out mnist.onnx
  zoo evaluate runs/vae --features mnist.onnx
"""
REAL = 256
"""Rows of real data that the file is certified on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the data, the file and the length."""
    parser.add_argument("action", choices=["train"], help="what is done")
    sources.add_arguments(parser, help=f"images with labels: {', '.join(NAMES)}, or a path")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="an .onnx file")
    parser.add_argument(
        "--epochs", type=values.count, metavar="N", help="passes over the data (20 or 4, by size)"
    )
    parser.add_argument(
        "--width", type=values.count, metavar="N", help="channels of the first convolutions (16)"
    )
    parser.add_argument(
        "--least",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="write no file where the test accuracy is below this",
    )
    parser.add_argument("--seed", type=values.seed, default=0, metavar="N", help="(0)")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> None:
    """Trains, writes the file, and prints its accuracy and hash."""
    source = sources.source_of(options)
    if "data" not in source:
        raise UsageError(f"--data is needed. Accepted: {', '.join(NAMES)}, or a path.")
    train, test = sources.load(source)
    terminal.choose_backend()
    from zoo.metrics.classifier import train_classifier

    settings = {} if options.width is None else {"width": options.width}
    terminal.note(f"training a classifier on {len(train)} images of shape {train.shape}")
    with terminal.results_only():
        model = train_classifier(
            train, epochs=options.epochs, seed=options.seed, verbose=2, **settings
        )
        outcome = write(model, train, test or train, options.out, least=options.least)
    if options.json:
        terminal.print_json(outcome)
    else:
        terminal.print_pairs(outcome)


def write(model: Any, train: Any, test: Any, path: Path, *, least: float = 0.0) -> dict[str, Any]:
    """Exports a classifier with its certificate and test accuracy: the outcome in JSON terms.

    Raises:
        ZooError: The accuracy is below `least`; no file is written.
    """
    import export

    rows = np.arange(len(test))
    held_out = test.batch(rows, model.value_range)
    logits = model.use("classify", data=held_out["data"])["logits"]
    accuracy = float(np.mean(logits.argmax(axis=1) == held_out["labels"]))
    if accuracy < least:
        raise ZooError(
            f"The classifier's accuracy is {least} or more. Received: {accuracy:.4f}. "
            "Accepted: more --epochs, or a larger --width."
        )
    name = Path(str(train.origin.get("source", "data"))).stem
    export.to_onnx(
        model.classifier,
        path,
        name="classifier",
        metadata={
            KIND: f"{name} classifier",
            "accuracy": f"{accuracy:.6f}",
            "data": train.description["hash"],
            "seed": str(model.seed),
        },
        inputs={"data": held_out["data"][:REAL]},
    )
    return {"out": str(path), "bytes": path.stat().st_size, **Network(path).describe()}
