"""One task, all its subjects: agreement first, then rounds in turn."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.errors import BenchmarkError, WorkerError
from benchmarks.measure.correctness import refuse_difference
from benchmarks.plan import TRAIN, Plan, Task
from benchmarks.records.file import Row

FEWEST = 5
"""Rounds of a task, however long they take."""

TRAINING_FACTOR = 10.0
"""On the tolerance of losses: later ones follow an update, which rounding enters twice."""


class Worker(Protocol):
    """What carries out a subject's commands."""

    def do(self, command: str, **arguments: Any) -> Any:
        """Gives a command and waits for its result."""
        ...


@dataclass
class Entrant:
    """A subject that takes part in a task, with what was measured of it so far."""

    name: str
    worker: Worker
    precision: str = "float32"
    opened: dict[str, float] = field(default_factory=dict)
    calls: int = 1
    rounds: list[float] = field(default_factory=list)
    best: float = float("inf")
    error: str | None = None

    def try_to(self, command: str, **arguments: Any) -> Any:
        """Gives a command; None where it fails, which ends the subject's part in the task."""
        try:
            return self.worker.do(command, **arguments)
        except WorkerError as error:
            self.error = str(error)
            return None

    def row(self, task: Task) -> Row:
        """The subject's row of results."""
        row = {"kind": "time", **vars(task), "subject": self.name, **self.opened}
        if self.error is not None:
            return row | {"error": self.error}
        return row | {"calls": self.calls, "best": self.best, "rounds": self.rounds}


def contest(
    task: Task,
    entrants: Sequence[Entrant],
    reference: Mapping[str, np.ndarray],
    plan: Plan,
    folder: Path,
    *,
    seed: int = 0,
) -> list[Row]:
    """Lets subjects work on a task in turn; one row each, in their order.

    A subject whose output is wrong, or that fails, is out and has its error in its row.

    Args:
        task: What they compute.
        entrants: The subjects; those with an error are out already.
        reference: What the task's outputs are.
        plan: How often and how long.
        folder: Where the model's files are, and outputs are passed.
        seed: Seeds the order within each round.
    """
    for entrant in _left(entrants):
        _open(entrant, task, reference, folder)
    for entrant in _left(entrants):
        calls = entrant.try_to("warm", seconds=plan.round_seconds)
        entrant.calls = calls or 1
    order = random.Random(f"{seed} {task.key}")
    spent = 0.0
    for number in range(plan.rounds):
        if number >= FEWEST and spent > plan.longest:
            break
        taking_part = _left(entrants)
        order.shuffle(taking_part)
        for entrant in taking_part:
            timed = entrant.try_to("round", calls=entrant.calls)
            if timed is not None:
                entrant.rounds.append(timed["median"])
                entrant.best = min(entrant.best, timed["best"])
                spent += timed["median"] * entrant.calls
    return [entrant.row(task) for entrant in entrants]


def fastest(rows: Sequence[Row]) -> Row | None:
    """The row with the smallest median of its rounds."""
    timed = [row for row in rows if "error" not in row]
    return min(timed, key=lambda row: float(np.median(row["rounds"])), default=None)


def _open(entrant: Entrant, task: Task, reference: Mapping[str, np.ndarray], folder: Path) -> None:
    """Opens the task, which also computes it once, and compares what came of it."""
    outputs = folder / "outputs.npz"
    asked = {**vars(task), "folder": str(folder)}
    entrant.opened = entrant.try_to("open", task=asked, outputs=str(outputs)) or {}
    if entrant.error is not None:
        return
    with np.load(outputs) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    outputs.unlink()
    loosened = TRAINING_FACTOR if task.workload == TRAIN else 1.0
    try:
        refuse_difference(found, reference, precision=entrant.precision, loosened=loosened)
    except BenchmarkError as error:
        entrant.error = str(error)


def _left(entrants: Sequence[Entrant]) -> list[Entrant]:
    return [entrant for entrant in entrants if entrant.error is None]
