"""Statistics of timings on a machine whose speed drifts: everything is compared round by round.

The arrays hold seconds per call, one value a round. Round `i` of every subject was measured within
the same second or so; ratios are taken within rounds, where the machine's speed cancels out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
CONFIDENCE = 0.95
SEED = 0


@dataclass(frozen=True)
class Summary:
    """Seconds per call: the median of the rounds, their quartiles, and the best round."""

    median: float
    lower: float
    upper: float
    best: float
    rounds: int


@dataclass(frozen=True)
class Interval:
    """An estimate between its confidence bounds."""

    value: float
    low: float
    high: float


def summarize(seconds: Sequence[float]) -> Summary:
    """Median, quartiles and best of the rounds."""
    lower, median, upper = np.quantile(_checked(seconds), (0.25, 0.5, 0.75))
    return Summary(float(median), float(lower), float(upper), float(min(seconds)), len(seconds))


def speedup(baseline: Sequence[float], subject: Sequence[float]) -> Interval:
    """How many times faster the subject is than the baseline: the median of per-round ratios.

    Args:
        baseline: Seconds per call of the baseline, by round.
        subject: Seconds per call of the subject in the same rounds.

    Raises:
        ValueError: The two were not measured in the same rounds.
    """
    if len(baseline) != len(subject):
        raise ValueError(
            f"Ratios are taken within rounds, so both sides have as many. "
            f"Received: {len(baseline)} and {len(subject)}"
        )
    logs = np.log(_checked(baseline)) - np.log(_checked(subject))
    return _interval(np.median(logs), np.median(_resampled(logs), axis=1))


def change(before: Sequence[float], after: Sequence[float]) -> Interval:
    """How many times slower `after` is than `before`, measured in two separate runs.

    Nothing pairs the rounds of two runs, so each side is resampled by itself.
    """
    old, new = np.log(_checked(before)), np.log(_checked(after))
    resampled = np.median(_resampled(new), axis=1) - np.median(_resampled(old, SEED + 1), axis=1)
    return _interval(np.median(new) - np.median(old), resampled)


def geometric_mean(ratios: Sequence[float]) -> Interval:
    """The mean of ratios across cases, with the bounds that resampling the cases gives."""
    logs = np.log(_checked(ratios))
    return _interval(logs.mean(), _resampled(logs).mean(axis=1))


def _checked(values: Sequence[float]) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not array.size or not (np.isfinite(array) & (array > 0)).all():
        raise ValueError(f"Timings are positive numbers, one or more. Received: {values}")
    return array


def _resampled(values: np.ndarray, seed: int = SEED) -> np.ndarray:
    """Bootstrap samples `(RESAMPLES, len(values))`; the same on every call."""
    rng = np.random.default_rng([seed])
    return values[rng.integers(len(values), size=(RESAMPLES, len(values)))]


def _interval(log_value: float, log_resampled: np.ndarray) -> Interval:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(log_resampled, (tail, 1 - tail))
    return Interval(float(np.exp(log_value)), float(np.exp(low)), float(np.exp(high)))
