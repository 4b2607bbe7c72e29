"""Sorts data into clusters: the model's own, or k-means of its codes.

The picture has a row for each cluster, its most typical data first. With labels, the agreement of
clusters and classes is printed beside that of k-means of the data themselves.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from zoo.applications import Clusters, cluster
from zoo.cli import applied, splits, values
from zoo.cli.opened import open_subject
from zoo.metrics.representation import agreement, k_means
from zoo.plotting.grid import save_grid

EXAMPLES = """\
examples:
  zoo cluster runs/vae --out clusters.png
  zoo cluster bundles/vae --data digits --clusters 16 --out clusters.npy
"""
COUNT = 10_000
COLUMNS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, how many clusters, and where to."""
    applied.add_arguments(parser, count=COUNT, out=".png, or .npy for the cluster of each row")
    parser.add_argument(
        "--clusters",
        type=values.count,
        default=10,
        metavar="N",
        help="of k-means, where the model has none of its own (10)",
    )


def run(options: argparse.Namespace) -> None:
    """Clusters, saves, and prints how many are in use and how they agree with classes."""
    opened = open_subject(options.subject, options.engine)
    test = splits.asked_about(opened, options, options.count)
    asked = test.batch(np.arange(len(test)), opened.about.value_range)
    found = cluster(opened, asked, options.clusters, seed=options.seed)
    if options.out is not None and options.out.suffix.lower() == ".npy":
        applied.save_array(options.out, found.clusters)
    elif options.out is not None:
        shown, columns = _typical(asked["data"], found)
        save_grid(shown, options.out, value_range=opened.about.value_range, columns=columns)
    used = len(np.unique(found.clusters))
    outcome: dict[str, Any] = {"rows": len(found.clusters), "clusters": used}
    labels = asked.get("labels")
    if labels is not None and (labels >= 0).all():
        plain = k_means(asked["data"], used, options.seed)[0]
        for name, clusters in (("", found.clusters), ("_of_data", plain)):
            score = agreement(clusters, labels)
            outcome[f"purity{name}"] = _purity(clusters, labels)
            outcome[f"accuracy{name}"] = score.accuracy
            outcome[f"information{name}"] = score.normalized_mutual_information
    applied.finish(options, outcome)


def _purity(clusters: np.ndarray, labels: np.ndarray) -> float:
    """The share of rows that have the most frequent class of their cluster."""
    right = (np.bincount(labels[clusters == c]).max() for c in np.unique(clusters))
    return float(sum(right) / len(labels))


def _typical(data: np.ndarray, found: Clusters) -> tuple[np.ndarray, int]:
    """The data nearest to the centre of each cluster, a row for each; empty places are empty."""
    numbers, counts = np.unique(found.clusters, return_counts=True)
    columns = int(min(COLUMNS, counts.max()))
    sheet = np.full((len(numbers), columns, *data.shape[1:]), data.min(), data.dtype)
    for row, number in enumerate(numbers):
        own = np.flatnonzero(found.clusters == number)
        own = own[np.argsort(found.distances[own], kind="stable")][:columns]
        sheet[row, : len(own)] = data[own]
    return sheet.reshape(-1, *data.shape[1:]), columns
