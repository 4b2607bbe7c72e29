"""Tells the classes of data, where few have labels.

A model with the use classify has learned them; of any other, a logistic regression of --labels
labelled codes tells them. The accuracy is printed beside that of the same regression on the data
themselves. The picture has a row for each class that is told; --out FILE.npy writes the labels.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from zoo.applications import classify
from zoo.applications.classification import labelled
from zoo.cli import applied, splits, values
from zoo.cli.cluster import COLUMNS
from zoo.cli.errors import UsageError
from zoo.cli.opened import open_subject
from zoo.metrics.representation import probe
from zoo.plotting.grid import save_grid

EXAMPLES = """\
examples:
  zoo classify runs/vae --labels 100 --out classes.png
  zoo classify bundles/semi_supervised_vae --data digits --out labels.npy
"""
COUNT = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, how many labels, and where to."""
    applied.add_arguments(parser, count=COUNT, out=".png, or .npy for the label of each row")
    parser.add_argument(
        "--labels",
        type=values.count,
        default=100,
        metavar="N",
        help="training rows whose labels are known (100)",
    )


def run(options: argparse.Namespace) -> None:
    """Classifies, saves, and prints the accuracies."""
    opened = open_subject(options.subject, options.engine)
    train, test = splits.known_and_asked(opened, options, options.count)
    if train.labels is None and "classify" not in opened.table:
        raise UsageError("Codes are classified by labelled data. Received: data without labels.")
    few: dict[str, np.ndarray] = {}
    given = np.zeros(len(test), dtype=bool)  # rows whose labels are told, of which none is judged
    if train.labels is not None:
        hidden = train.hide_labels(min(options.labels, len(train)), seed=options.seed)
        given = hidden.labels >= 0 if train is test else given
        rows = hidden.batch(np.arange(len(hidden)), opened.about.value_range)
        if (
            "classify" not in opened.table
            or len(np.unique(rows["labels"][rows["labels"] >= 0])) > 1
        ):
            few = labelled(rows, "a larger --labels, of --data with several")
    asked = test.batch(np.arange(len(test)), opened.about.value_range)
    found = classify(opened, asked, few or None, seed=options.seed)["label"]
    if options.out is not None and options.out.suffix.lower() == ".npy":
        applied.save_array(options.out, found)
    elif options.out is not None:
        shown, columns = _rows(asked["data"], found)
        save_grid(shown, options.out, value_range=opened.about.value_range, columns=columns)
    outcome: dict[str, Any] = {"rows": len(found)}
    labels = asked.get("labels")
    if labels is not None and (labels >= 0).all() and not given.all():
        if few:
            plain = probe(few["data"], few["labels"], asked["data"])["label"]
            outcome["accuracy_of_data"] = float(np.mean((plain == labels)[~given]))
            outcome["labels"] = len(few["labels"])
        outcome["accuracy"] = float(np.mean((found == labels)[~given]))
    applied.finish(options, outcome)


def _rows(data: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, int]:
    """The first data of each class that is told, a row for each; empty places are empty."""
    classes = np.unique(found)
    columns = int(min(COLUMNS, np.bincount(found).max()))
    sheet = np.full((len(classes), columns, *data.shape[1:]), data.min(), data.dtype)
    for row, number in enumerate(classes):
        own = data[found == number][:columns]
        sheet[row, : len(own)] = own
    return sheet.reshape(-1, *data.shape[1:]), columns
