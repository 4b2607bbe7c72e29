"""Rounds: a call repeated for a fraction of a second, timed call by call; several in turn."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

MAX_CALLS = 100_000
"""Calls in one round, however short they are."""


@dataclass(frozen=True)
class Round:
    """Seconds per call of one round: the median, which outliers do not move, and the best."""

    median: float
    best: float
    calls: int


def calls_per_round(call: Callable[[], object], seconds: float) -> int:
    """The number of calls that fill a round; warms up for as long as a round."""
    best = float("inf")
    started = time.perf_counter()
    while True:
        before = time.perf_counter()
        call()
        now = time.perf_counter()
        best = min(best, now - before)
        if now - started >= seconds:
            return int(min(MAX_CALLS, max(1, round(seconds / max(best, 1e-9)))))


def time_round(call: Callable[[], object], calls: int) -> Round:
    """Times a round of so many calls, without pauses for garbage collection."""
    elapsed = np.empty(calls)
    collecting = gc.isenabled()
    gc.disable()
    try:
        for index in range(calls):
            before = time.perf_counter()
            call()
            elapsed[index] = time.perf_counter() - before
    finally:
        if collecting:
            gc.enable()
    return Round(float(np.median(elapsed)), float(elapsed.min()), calls)


def in_turn(sides: Sequence[Callable[[], object]], seconds: float) -> Iterator[list[Round]]:
    """Yields a round of every side, without end; the first side rotates.

    Args:
        sides: The calls to compare; they warm up before the first round.
        seconds: Duration of a round of each.
    """
    counts = [calls_per_round(side, seconds) for side in sides]
    first = 0
    while True:
        timed: dict[int, Round] = {}
        for step in range(len(sides)):
            place = (first + step) % len(sides)
            timed[place] = time_round(sides[place], counts[place])
        yield [timed[place] for place in range(len(sides))]
        first = (first + 1) % len(sides)
