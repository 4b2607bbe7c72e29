"""Scores rows by how little they look like the training data, and shows where they do not.

The threshold is --threshold, or follows from --contamination, the share of the training data that
is taken for anomalies. The training data are the run's own where --data have no test split; a
bundle does not know them, and takes that share of --data. With labels, --normal names the classes
that are normal, and the area under the ROC curve is printed beside those of the distance from the
mean and of principal components. The picture has rows of data, reconstructions and heat maps: the
highest scores first, then rows below the threshold. --out FILE.npy writes the scores.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from zoo.applications import anomalies, roc, threshold_of
from zoo.applications.anomaly import baseline_scores
from zoo.applications.subjects import follow, runner_of
from zoo.cli import applied, splits, values
from zoo.cli.errors import UsageError
from zoo.cli.opened import open_subject
from zoo.files import write_atomically
from zoo.plotting.curves import draw_chart

EXAMPLES = """\
examples:
  zoo anomaly runs/vae --out heat.png
  zoo anomaly bundles/vae --data digits --normal 0,1 --contamination 0.05 --roc roc.svg
  zoo anomaly runs/vae --out scores.npy
  zoo anomaly bundles/vae --data scans/ --threshold 0.18 --out heat.png
"""
COUNT = 10_000
COMPONENTS = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, what is normal, and where to."""
    applied.add_arguments(parser, count=COUNT, out=".png for heat maps, .npy for the scores")
    parser.add_argument("--normal", metavar="A,B,...", help="classes, by number, that are normal")
    parser.add_argument(
        "--contamination",
        type=values.share,
        default=0.05,
        metavar="C",
        help="share of the normal training data above the threshold (0.05)",
    )
    parser.add_argument(
        "--threshold",
        type=values.number,
        metavar="T",
        help="a score, such as a run printed, in place of that of --contamination",
    )
    parser.add_argument("--roc", type=_chart, metavar="FILE", help="an .svg file for the curve")


def run(options: argparse.Namespace) -> None:
    """Scores, decides, saves, and prints the threshold and the areas."""
    opened = open_subject(options.subject, options.engine)
    train, test = splits.known_and_asked(opened, options, options.count)
    runner = runner_of(opened, "score anomalies")
    known, asked = (
        data.batch(np.arange(len(data)), opened.about.value_range) for data in (train, test)
    )
    normal = _classes(options.normal, known)
    if normal is not None:
        rows = np.isin(known["labels"], normal)
        known = {name: array[rows] for name, array in known.items()}
    threshold = options.threshold
    if threshold is None:
        if train is test:
            warnings.warn(
                "--data stand in for the training data, which are not known: --contamination is "
                "the share of them above the threshold. Accepted: --threshold.",
                stacklevel=2,
            )
        scores = anomalies(runner, known, seed=options.seed).scores
        threshold = threshold_of(scores, options.contamination)
    found = anomalies(runner, asked, seed=options.seed)
    flagged = found.scores > threshold
    outcome: dict[str, Any] = {
        "rows": len(flagged),
        "threshold": threshold,
        "flagged": float(flagged.mean()),
    }
    if normal is not None:
        anomalous = ~np.isin(asked["labels"], normal)
        outcome |= _areas(found.scores, known["data"], asked["data"], anomalous, options.roc)
        outcome["flagged_anomalies"] = float(flagged[anomalous].mean())
        outcome["flagged_normal"] = float(flagged[~anomalous].mean())
    elif options.roc is not None:
        raise UsageError("--roc is of data with labels. Accepted: --normal A,B,… as well.")
    if options.out is not None and options.out.suffix.lower() == ".npy":
        applied.save_array(options.out, found.scores)
    elif options.out is not None:
        _save_picture(opened, runner, asked, found, flagged, options.out)
    applied.finish(options, outcome)


def _classes(text: str | None, fields: dict[str, np.ndarray]) -> list[int] | None:
    """The classes that are normal; None where all are."""
    if text is None:
        return None
    labels = fields.get("labels")
    words = [word.strip() for word in text.split(",")]
    known = [] if labels is None else sorted(map(str, set(labels.tolist()) - {-1}), key=int)
    unknown = [word for word in words if word not in known]
    if unknown:
        raise UsageError(
            f"--normal names classes of the data. Received: {unknown[0]!r}. "
            f"Accepted: {', '.join(known) or 'none, as the data have no labels'}."
        )
    return [int(word) for word in words]


def _areas(
    scores: np.ndarray, known: np.ndarray, asked: np.ndarray, anomalous: np.ndarray, chart: Any
) -> dict[str, float]:
    """The areas of the model and of the baselines; draws their curves."""
    size = min(COMPONENTS, int(np.prod(known.shape[1:])) - 1)
    curves = {
        "model": roc(scores, anomalous),
        f"PCA of {size}": roc(baseline_scores(known, asked, size), anomalous),
        "mean": roc(baseline_scores(known, asked, 0), anomalous),
    }
    if chart is not None:
        points = {
            f"{name} {curve.area:.3f}": list(
                zip(curve.false_positives, curve.true_positives, strict=True)
            )
            for name, curve in curves.items()
        }
        title = "True positives by false positives: " + ", ".join(points)
        write_atomically(chart, draw_chart(title, points) + "\n")
    named = {"model": "area", "mean": "area_of_mean"}
    return {named.get(name, "area_of_pca"): curve.area for name, curve in curves.items()}


def _save_picture(
    opened: Any, runner: Any, asked: Any, found: Any, flagged: np.ndarray, path: Path
) -> None:
    """Rows of data, reconstructions and heat maps: the highest scores, then some below."""
    data = asked["data"]
    if data.ndim != 4:
        raise UsageError(
            f"Heat maps are of images. Received: data of the shape {data.shape[1:]}. "
            "Accepted: an .npy file."
        )
    columns = applied.COLUMNS
    highest = np.argsort(-found.scores, kind="stable")[:columns]
    below = np.flatnonzero(~flagged)
    below = below[np.linspace(0, len(below) - 1, min(columns, len(below))).astype(int)]
    rows = np.concatenate([highest, below])
    shown = {name: array[rows] for name, array in asked.items()}
    layers = [applied.as_bytes(data[rows], opened.about.value_range, data)]
    if "reconstruct" in runner.table:
        made = follow(runner, "reconstruct", shown)["reconstruction"]
        layers.append(applied.as_bytes(made, opened.about.value_range, data))
    heat = found.heat[rows]
    layers.append(applied.as_bytes(heat, (0.0, float(heat.max())), data))
    applied.save_rows(layers, path, None, columns)


def _chart(text: str) -> Path:
    if not text.lower().endswith(".svg"):
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .svg")
    return Path(text)
