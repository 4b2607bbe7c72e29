"""Statistics on synthetic timings with a known ratio and a known drift."""

import numpy as np
import pytest

from benchmarks.measure.statistics import change, geometric_mean, speedup, summarize

pytestmark = pytest.mark.once

ROUNDS = 41


def drifting_timings(ratio, *, noise=0.05, seed=0):
    """A baseline and a subject `ratio` times as fast, on a machine that slows down threefold."""
    rng = np.random.default_rng([seed])
    machine = np.linspace(1.0, 3.0, ROUNDS)
    baseline = 1e-3 * ratio * machine * np.exp(noise * rng.standard_normal(ROUNDS))
    subject = 1e-3 * machine * np.exp(noise * rng.standard_normal(ROUNDS))
    return list(baseline), list(subject)


@pytest.mark.parametrize("ratio", [0.8, 1.0, 2.5])
def test_per_round_ratios_find_the_ratio_despite_drift(ratio):
    found = speedup(*drifting_timings(ratio))
    assert found.value == pytest.approx(ratio, rel=0.05)
    assert found.low < ratio < found.high
    assert found.high / found.low < 1.1  # the drift of 3 is not in the interval


def test_confidence_interval_covers_the_ratio_at_its_level():
    intervals = [speedup(*drifting_timings(1.5, seed=seed)) for seed in range(200)]
    covered = np.mean([interval.low <= 1.5 <= interval.high for interval in intervals])
    assert 0.88 <= covered <= 0.99


def test_one_slow_round_does_not_move_the_median():
    seconds = [1.0] * 9 + [100.0]
    summary = summarize(seconds)
    assert (summary.median, summary.lower, summary.upper) == (1.0, 1.0, 1.0)
    assert summary.best == 1.0
    assert summary.rounds == 10


def test_quartiles_and_best_are_those_of_the_rounds():
    summary = summarize([5.0, 1.0, 2.0, 3.0, 4.0])
    assert (summary.best, summary.lower, summary.median, summary.upper) == (1.0, 2.0, 3.0, 4.0)


def test_change_between_runs_needs_no_equal_number_of_rounds():
    rng = np.random.default_rng([1])
    before = np.exp(0.02 * rng.standard_normal(15))
    after = 1.3 * np.exp(0.02 * rng.standard_normal(11))
    found = change(list(before), list(after))
    assert found.low < 1.3 < found.high
    assert found.low > 1.2


def test_geometric_mean_of_inverse_ratios_is_one():
    assert geometric_mean([4.0, 0.25]).value == pytest.approx(1.0)


def test_unequal_numbers_of_rounds_are_an_error():
    with pytest.raises(ValueError, match="Received: 2 and 1"):
        speedup([1.0, 1.0], [1.0])


@pytest.mark.parametrize("seconds", [[], [0.0], [float("nan")], [-1.0]])
def test_invalid_timings_are_an_error(seconds):
    with pytest.raises(ValueError, match="positive"):
        summarize(seconds)
