"""Times of candidates beside those of float32 in ONNX Runtime, use by use."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from export.runtime.choice import Candidate
from export.timing import in_turn
from zoo.uses import Call, Use, run

ROUND = 0.01  # seconds
ROUNDS = 15
LEAST_ROUNDS = 5  # of slow uses, whose rounds end after LIMIT
LIMIT = 3.0  # seconds
DIGITS = 4


@dataclass(frozen=True)
class Workload:
    """A use on a batch.

    Attributes:
        name: The use's name.
        use: The use, resolved.
        inputs: All its inputs, of one number of rows.
    """

    name: str
    use: Use
    inputs: Mapping[str, np.ndarray]


Ratios = dict[Candidate, dict[str, tuple[float, ...]]]
"""Candidate → a use's name → its ratios, in the order of its workloads."""
Measure = Callable[[Mapping[Candidate, Call], Sequence[Workload]], Ratios]
"""Measures candidates by what calls their parts; the first is the one that ratios are to."""


def measure(calls: Mapping[Candidate, Call], workloads: Sequence[Workload]) -> Ratios:
    """The ratio of each candidate's time to the first one's, in rounds that take turns.

    A candidate's time is that of its fastest call: what else the machine does only adds to it.

    Args:
        calls: What calls the parts of each candidate.
        workloads: What to run.
    """
    found: dict[Candidate, dict[str, list[float]]] = {candidate: {} for candidate in calls}
    for workload in workloads:
        sides = [partial(run, workload.use, call, workload.inputs) for call in calls.values()]
        for candidate, ratio in zip(calls, ratios_to_first(sides), strict=True):
            found[candidate].setdefault(workload.name, []).append(round(ratio, DIGITS))
    return {
        candidate: {name: tuple(ratios) for name, ratios in rows.items()}
        for candidate, rows in found.items()
    }


def ratios_to_first(sides: Sequence[Callable[[], object]]) -> list[float]:
    """The time of each side's fastest call of all rounds beside that of the first side's."""
    started = time.perf_counter()
    rounds: list[list[float]] = []
    for timed in in_turn(sides, ROUND):
        rounds.append([side.best for side in timed])
        spent = time.perf_counter() - started
        if len(rounds) >= ROUNDS or (len(rounds) >= LEAST_ROUNDS and spent > LIMIT):
            break
    seconds = np.min(rounds, axis=0)
    return [float(ratio) for ratio in seconds / seconds[0]]


def geometric_mean(ratios: Mapping[str, Sequence[float]]) -> float:
    """The geometric mean of all ratios."""
    logarithms = np.log([value for row in ratios.values() for value in row])
    return round(float(np.exp(np.mean(logarithms))), DIGITS)
