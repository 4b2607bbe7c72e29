"""Anomalies: what a model that saw normal data alone reconstructs badly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.applications.subjects import fields_of, follow, runner_of
from zoo.errors import UseError


@dataclass(frozen=True)
class Anomalies:
    """How strange each row is, and where.

    Attributes:
        scores: `(count,)`, large for anomalies.
        heat: The share of each place in the score: `(count, height, width, 1)` of images.
    """

    scores: np.ndarray
    heat: np.ndarray


def anomalies(subject: Any, data: Any, *, seed: int = 0) -> Anomalies:
    """The anomaly scores of data and their heat maps.

    A model with the use `anomaly` gives both; of any other that reconstructs, the heat is the
    squared error of the reconstruction, mean over the channels, and the score its mean.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        data: `Data`, fields by name, or samples in the model's value range.
        seed: Of what the use draws.

    Raises:
        UseError: The model does not reconstruct.
    """
    runner = runner_of(subject, "score anomalies")
    fields = fields_of(runner, data)
    if "anomaly" in runner.table:
        found = follow(runner, "anomaly", fields, seed=seed)
        return Anomalies(found["score"], found["heat"])
    runner_of(runner, "score anomalies", "reconstruct")
    rebuilt = follow(runner, "reconstruct", fields, seed=seed)["reconstruction"]
    squares = np.square(fields["data"] - rebuilt)
    heat = squares if squares.ndim == 2 else squares.mean(axis=-1, keepdims=True)
    return Anomalies(squares.reshape(len(squares), -1).mean(axis=1), heat)


def threshold_of(scores: np.ndarray, contamination: float) -> float:
    """The score above which a share `contamination` of the rows lies, at most.

    Args:
        scores: Of data that are normal but for that share.
        contamination: From 0 to below 1; 0 gives the largest score.

    Raises:
        UseError: The share is none, or there are no scores, or scores that are not finite.
    """
    scores = _checked(scores)
    if not 0 <= contamination < 1 or len(scores) == 0:
        raise UseError(
            "A contamination is a share from 0, below 1, of at least one score. "
            f"Received: {contamination} of {len(scores)} scores."
        )
    return float(np.quantile(scores, 1 - contamination, method="higher"))


@dataclass(frozen=True)
class Roc:
    """The receiver operating characteristic of scores.

    Attributes:
        false_positives: Share of the normal rows above each threshold, rising from 0 to 1.
        true_positives: Share of the anomalies above it.
        area: Under the curve: the probability that an anomaly has a higher score than a normal
            row, ties counted half.
    """

    false_positives: np.ndarray
    true_positives: np.ndarray
    area: float


def roc(scores: np.ndarray, anomalous: np.ndarray) -> Roc:
    """The curve over all thresholds.

    Args:
        scores: `(count,)`.
        anomalous: Booleans `(count,)`.

    Raises:
        UseError: All rows are of one kind, scores are not finite, or there are more of one than of
            the other.
    """
    scores, anomalous = _checked(scores), np.asarray(anomalous, dtype=bool)
    if anomalous.shape != scores.shape:
        raise UseError(
            "A curve needs a score and a truth of each row. "
            f"Received: {scores.shape} scores and {anomalous.shape} truths."
        )
    positives, negatives = int(anomalous.sum()), int((~anomalous).sum())
    if not positives or not negatives:
        raise UseError(
            f"A curve needs normal rows and anomalies. Received: {negatives} and {positives}."
        )
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)  # of equal scores
    true = np.append(0.0, np.cumsum(anomalous[order])[last]) / positives
    false = np.append(0.0, np.cumsum(~anomalous[order])[last]) / negatives
    area = float(np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2))
    return Roc(false, true, area)


def _checked(scores: Any) -> np.ndarray:
    """Scores `(count,)`.

    Raises:
        UseError: They are no finite numbers, one for each row.
    """
    found = np.asarray(scores)
    if found.ndim != 1 or found.dtype.kind not in "fiub" or not np.isfinite(found).all():
        raise UseError(
            "Scores are finite numbers, one for each row. "
            f"Received: {found.dtype} {found.shape} {found.ravel()[:8]}."
        )
    return found


def baseline_scores(train: np.ndarray, asked: np.ndarray, components: int) -> np.ndarray:
    """Scores without a network: the squared error of the first principal components.

    Args:
        train: Normal rows `(count, …)`.
        asked: The rows that are scored.
        components: How many; with 0 it is the distance from the mean.
    """
    known = np.asarray(train, dtype="float64").reshape(len(train), -1)
    rows = np.asarray(asked, dtype="float64").reshape(len(asked), -1) - known.mean(axis=0)
    if components:
        _, axes = np.linalg.eigh(np.cov(known, rowvar=False))
        axes = axes[:, -components:]
        rows = rows - rows @ axes @ axes.T
    return np.mean(np.square(rows), axis=1)
