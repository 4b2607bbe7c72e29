"""One task: the outputs of all its subjects are compared first, then rounds are timed in turn."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.errors import BenchmarkError, WorkerError
from benchmarks.measure.correctness import check_outputs
from benchmarks.options import RunOptions
from benchmarks.records.schema import Failure, Row, Timing
from benchmarks.subjects import Subject
from benchmarks.tasks import TRAIN, Task

MIN_ROUNDS = 5
"""Rounds of a task, however long they take."""

TRAINING_FACTOR = 10.0
"""On the tolerance of losses: later ones follow an update, which rounding enters twice."""


class Worker(Protocol):
    """A process that runs a subject's commands."""

    def request(self, command: str, **arguments: Any) -> Any:
        """Sends a command and returns its result."""
        ...


@dataclass
class Trial:
    """One subject at a task, and what has been measured of it so far."""

    subject: Subject
    worker: Worker
    opened: dict[str, float] = field(default_factory=dict)
    calls: int = 1
    rounds: list[float] = field(default_factory=list)
    best: float = float("inf")
    error: str | None = None

    def request(self, command: str, **arguments: Any) -> Any:
        """The result of a command; None where it fails, which ends the trial."""
        try:
            return self.worker.request(command, **arguments)
        except WorkerError as error:
            self.error = str(error)
            return None

    def row(self, task: Task) -> Row:
        """The subject's row of results."""
        where: dict[str, Any] = {**vars(task), "subject": self.subject.name}
        if self.error is not None:
            return Failure(of=Timing.kind, **where, error=self.error)
        return Timing(
            **where,
            load=self.opened["load"],
            first=self.opened["first"],
            calls=self.calls,
            best=self.best,
            rounds=self.rounds,
        )


def measure_task(
    task: Task,
    trials: Sequence[Trial],
    reference: Mapping[str, np.ndarray],
    options: RunOptions,
    folder: Path,
    *,
    limit: float = inf,
    seed: int = 0,
) -> list[Row]:
    """Times the subjects of a task in turn: one row each, in their order.

    A subject that fails, or whose outputs are wrong, is not timed further; its row has the error.

    Args:
        task: The task to compute.
        trials: The subjects; those with an error are not timed.
        reference: The task's outputs.
        options: The number and duration of rounds.
        folder: The model's files, and the place of outputs.
        limit: Seconds from the first load after which the task ends before its last round.
        seed: Seeds the order within each round.
    """
    started = time.monotonic()
    for trial in _running(trials):
        _open(trial, task, reference, folder)
    for trial in _running(trials):
        trial.calls = trial.request("warm", seconds=options.round_seconds) or 1
    order = random.Random(f"{seed} {task.key}")
    spent = 0.0
    for number in range(options.rounds):
        over = spent > options.longest or time.monotonic() - started > limit
        if number >= MIN_ROUNDS and over:
            break
        running = _running(trials)
        order.shuffle(running)
        for trial in running:
            timed = trial.request("round", calls=trial.calls)
            if timed is not None:
                trial.rounds.append(timed["median"])
                trial.best = min(trial.best, timed["best"])
                spent += timed["median"] * trial.calls
    return [trial.row(task) for trial in trials]


def fastest(rows: Sequence[Timing]) -> Timing | None:
    """The row with the smallest median of its rounds."""
    return min(rows, key=lambda row: float(np.median(row.rounds)), default=None)


def _open(trial: Trial, task: Task, reference: Mapping[str, np.ndarray], folder: Path) -> None:
    """Opens the task, which also computes it once, and checks the outputs."""
    path = folder / "outputs.npz"
    located = {**vars(task), "folder": str(folder)}
    trial.opened = trial.request("open", task=located, outputs=str(path)) or {}
    if trial.error is not None:
        return
    with np.load(path) as arrays:
        outputs = {name: arrays[name] for name in arrays.files}
    path.unlink()
    factor = TRAINING_FACTOR if task.workload == TRAIN else 1.0
    try:
        check_outputs(outputs, reference, precision=trial.subject.precision, factor=factor)
    except BenchmarkError as error:
        trial.error = str(error)


def _running(trials: Sequence[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.error is None]
