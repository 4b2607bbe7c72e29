"""Groups of rows that have similar codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.applications.subjects import fields_of, follow, is_whole, runner_of
from zoo.errors import UseError
from zoo.metrics.representation import k_means


@dataclass(frozen=True)
class Clusters:
    """The cluster of each row, and its distance from the centre.

    Attributes:
        clusters: int32 `(count,)`.
        distances: `(count,)`: 0 at the centre; of a model's own clusters 1 − their probability.
    """

    clusters: np.ndarray
    distances: np.ndarray


def cluster(subject: Any, data: Any, count: int = 10, *, seed: int = 0) -> Clusters:
    """Clusters of data: the model's own, where it has the use `cluster`; else k-means of codes.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        data: `Data`, fields by name, or samples in the model's value range.
        count: How many clusters k-means makes, at most one for each row.
        seed: Of k-means.

    Raises:
        UseError: The model has neither `cluster` nor `encode`, or the count is out of bounds.
    """
    runner = runner_of(subject, "cluster")
    fields = fields_of(runner, data)
    if "cluster" in runner.table:
        found = follow(runner, "cluster", fields, seed=seed)
        clusters = found["cluster"]
        return Clusters(clusters, 1 - found["probability"][np.arange(len(clusters)), clusters])
    runner_of(runner, "cluster", "encode")
    codes = follow(runner, "encode", fields, seed=seed)["code"]
    if not is_whole(count) or not 1 <= count <= len(codes):
        raise UseError(
            "k-means makes a whole number of clusters, at most one for each row. "
            f"Received: {count!r}. Accepted: 1 to {len(codes)}."
        )
    return Clusters(*k_means(codes, int(count), seed))
