"""Metrics while a model trains."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from zoo.metrics.evaluation import evaluate, select
from zoo.metrics.reference import Reference
from zoo.metrics.score import finite


class MetricCallback(keras.callbacks.Callback):
    """Adds metrics to the logs of an epoch, for the history and for the callbacks after it.

    `ModelCheckpoint("best.keras", monitor="frechet_distance", save_best_only=True)` after it keeps
    the best model by a metric; TensorBoard draws its curve.

    Args:
        train: The training data, or a `Reference`.
        test: Held-out data.
        metrics: Names or patterns of metrics or groups; see `evaluate`.
        every: Epochs from one evaluation to the next, the last of each so many; 1 for
            `ModelCheckpoint`, which asks for its metric after every epoch.
        features: As of `evaluate`.
        count: As of `evaluate`.
        seed: Of samples.
        path: A file that gets the scores of each evaluation as a JSON line.
    """

    def __init__(
        self,
        train: Any,
        test: Any = None,
        *,
        metrics: Sequence[str] = ("fidelity", "reconstruction"),
        every: int = 1,
        features: str | Path | None = None,
        count: int | None = None,
        seed: int = 0,
        path: str | Path | None = None,
    ) -> None:
        super().__init__()
        if every < 1:
            raise ValueError(f"every is at least 1. Received: {every}")
        select(metrics)  # Before an epoch is trained in vain.
        self.data = train, test
        self.metrics = metrics
        self.every = every
        self.features = features
        self.count = count
        self.seed = seed
        self.path = None if path is None else Path(path)
        self.reference: Reference | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Prepares the reference."""
        train, test = self.data
        if isinstance(train, Reference):
            self.reference = train
        if self.reference is None:
            bounded = self.model.value_range is not None
            self.reference = Reference(
                train, test, bounded=bounded, features=self.features, count=self.count
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Judges the model and adds the scores to the logs."""
        if (epoch + 1) % self.every:
            return
        report = evaluate(self.model, self.reference, metrics=self.metrics, seed=self.seed)
        found = {score.metric: score.value for score in report.scores}
        if logs is not None:
            logs.update(found)
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as file:
                kept = {name: finite(value) for name, value in found.items()}
                file.write(json.dumps({"epoch": epoch + 1} | kept) + "\n")
