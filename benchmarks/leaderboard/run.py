"""One row of a leaderboard: a model trained, timed, judged and pictured."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import zoo
from benchmarks.leaderboard.budget import Budget, reason_to_skip, settings
from benchmarks.leaderboard.folder import sheet
from benchmarks.leaderboard.pairs import reference_for
from zoo import backends
from zoo.metrics import Reference, evaluate
from zoo.plotting.grid import save_grid
from zoo.registry import describe
from zoo.training.callbacks import originals_and_reconstructions

COLUMNS = 10
SAMPLES = 6 * COLUMNS


class Clock(keras.callbacks.Callback):
    """The seconds of each epoch, and of a step in the fastest one.

    On a processor they are processor time, which other processes do not lengthen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        on_processor = "cpu" in backends.current().device().lower()
        self.now = time.process_time if on_processor else time.perf_counter

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts."""
        self.start = self.now()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Stops; the epoch's logs have been read, so its steps have ended."""
        self.seconds.append(self.now() - self.start)

    def per_step(self, steps: int) -> float:
        """Seconds of a step; the last epoch may be shorter."""
        return min(self.seconds[:-1] or self.seconds) / steps


def make_row(name: str, reference: Reference, budget: Budget, folder: Path) -> dict[str, Any]:
    """Trains a model, and returns its row in JSON terms; writes its contact sheet.

    Args:
        name: A row of the registry.
        reference: The data.
        budget: Steps, batch size, seed.
        folder: Of the leaderboard; holds the contact sheets.
    """
    row = describe(name)
    about = {"model": name, "kind": row.kind, "paper": row.paper}
    reason = reason_to_skip(name, reference.train)
    if reason is not None:
        return about | {"skipped": reason}
    chosen = settings(name, reference.train)
    model = zoo.create(name, seed=budget.seed, **chosen)
    reference = reference_for(reference, model.reads)
    clock = Clock()
    start = time.perf_counter()
    model.fit(
        reference.train,
        steps=budget.steps,
        batch_size=budget.batch_size,
        callbacks=[clock],
        verbose=0,
    )
    seconds = time.perf_counter() - start
    report = evaluate(model, reference, seed=budget.seed)
    save_sheet(model, reference, folder / sheet(name), seed=budget.seed)
    per_epoch = -(-len(reference.train) // budget.batch_size)
    return about | {
        "weights": int(sum(np.prod(w.shape) for w in _weights(model))),
        "settings": {key: _plain(value) for key, value in chosen.items()},
        "training_seconds": round(seconds, 2),
        "step_milliseconds": round(1e3 * clock.per_step(min(per_epoch, budget.steps)), 3),
        "scores": [score.to_json() for score in report.scores],
    }


def save_sheet(model: Any, reference: Reference, path: Path, *, seed: int) -> Path:
    """Rows of test data and of what the model makes of them, then rows of samples.

    With ten classes, samples of a class that is asked for are one column.
    """
    tiles = []
    if any(use in model.table() for use in model.pictured):
        chosen = reference.test.select(reference.rows[:: max(1, len(reference.rows) // COLUMNS)])
        tiles.append(originals_and_reconstructions(model, chosen, count=COLUMNS, columns=COLUMNS))
    if "sample" in model.table():
        labels = None
        if "labels" in model.table()["sample"].inputs:
            labels = (np.arange(SAMPLES) % model.num_classes).astype("int32")
        tiles.append(model.sample(SAMPLES, labels=labels, seed=seed))
    scale = max(1, 32 // max(model.shape[:2]))
    pictures = np.concatenate(tiles)
    return save_grid(pictures, path, value_range=model.value_range, columns=COLUMNS, scale=scale)


def _weights(model: Any) -> list[Any]:
    """The variables that training moves, each once."""
    found = {id(v): v for phase in model.phases for v in phase.variables}
    return list(found.values())


def _plain(value: Any) -> Any:
    """A setting in JSON terms."""
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, str | int | float | bool | dict | None) else str(value)
