"""The estimate of the time left."""

import io

import pytest

from benchmarks.measure.progress import Estimate, ProgressBar, duration

pytestmark = pytest.mark.once


def test_estimate_is_the_sum_of_what_units_of_a_kind_take():
    estimate = Estimate(["short"] * 3 + ["long"] * 2)
    assert estimate.left is None
    estimate.finish("short", 1.0)
    estimate.finish("long", 60.0)
    assert estimate.left == pytest.approx(2 * 1.0 + 60.0)
    assert estimate.share == pytest.approx(2 / 5)


def test_kind_that_was_not_seen_lasts_like_the_others():
    estimate = Estimate(["a", "a", "b"])
    estimate.finish("a", 10.0)
    assert estimate.left == pytest.approx(20.0)


def test_nothing_left_is_everything_done():
    estimate = Estimate(["a"])
    estimate.finish("a", 1.0)
    assert (estimate.left, estimate.share) == (0.0, 1.0)


def test_bar_off_a_terminal_is_a_line_now_and_then():
    times = iter([0.0, 0.0, 10.0, 31.0, 31.0])
    stream = io.StringIO()
    bar = ProgressBar(stream, clock=lambda: next(times))
    for doing in ("one", "two", "three"):
        bar.show(Estimate(["a"]), doing)
    assert [line.split()[-1] for line in stream.getvalue().splitlines()] == ["one", "three"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "time left unknown"),
        (20, "about 20 s left"),
        (720, "about 12 min left"),
        (7200, "about 2.0 h left"),
    ],
)
def test_durations_are_in_words(seconds, words):
    assert duration(seconds) == words
