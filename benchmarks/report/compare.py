"""Comparison of two runs: subjects that became slower or faster, with confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.errors import BenchmarkError
from benchmarks.measure.statistics import Interval, Summary, change, geometric_mean, summarize
from benchmarks.records.schema import Row, first
from benchmarks.report.analysis import Analysis
from benchmarks.report.tables import Table, seconds
from benchmarks.report.timings import interval
from benchmarks.tasks import PEAK, Task

SHOWN = 3
"""Tasks that are named of those that are no longer measured."""

ENVIRONMENT = ("processor", "cores", "threads", "device", "versions")


@dataclass(frozen=True)
class Change:
    """One subject at one task in two runs; ratios above 1 are slower than before.

    `ratio` is as measured, `relative` divided by the machine's own, whose uncertainty widens it.
    The verdict is `slower` or `faster` where both say so, `unclear` where one does, else `same`.
    """

    task: Task
    subject: str
    before: Summary
    after: Summary
    ratio: Interval
    relative: Interval
    verdict: str


@dataclass(frozen=True)
class Changes:
    """All changes, and other differences between the runs.

    `machine` is how much slower the machine itself was, by its measured peaks.
    """

    rows: Sequence[Change]
    machine: Interval | None
    differing: Sequence[str]
    missing: Sequence[str]


def compare(before: Sequence[Row], after: Sequence[Row], *, slower: float = 1.05) -> Changes:
    """Compares the tasks that both runs measured.

    A subject is slower where the whole confidence interval of its ratio lies above `slower`, faster
    where it lies below its inverse, both as measured and relative to the machine: peaks that
    something else disturbed make no change, nor does a machine that became slower.

    Args:
        before: Rows of a run.
        after: Rows of a later run.
        slower: The least ratio that counts.

    Raises:
        BenchmarkError: The runs have nothing in common, or the ratio is not above 1.
    """
    if not slower > 1.0:
        raise BenchmarkError(f"slower must be a ratio above 1. Received: {slower}")
    old, new = Analysis(before).times, Analysis(after).times
    shared = [(task, name) for task in old for name in old[task] if name in new.get(task, {})]
    if not any(task.model != PEAK for task, _ in shared):
        raise BenchmarkError("The two runs have no task and subject in common.")
    ratios = {
        (task, name): change(old[task][name].rounds, new[task][name].rounds)
        for task, name in shared
    }
    peaks = [ratio.value for (task, _), ratio in ratios.items() if task.model == PEAK]
    machine = geometric_mean(peaks) if peaks else None
    drift = machine or Interval(1.0, 1.0, 1.0)
    rows = []
    for (task, name), raw in ratios.items():
        if task.model == PEAK:
            continue
        relative = Interval(raw.value / drift.value, raw.low / drift.high, raw.high / drift.low)
        rows.append(
            Change(
                task,
                name,
                summarize(old[task][name].rounds),
                summarize(new[task][name].rounds),
                raw,
                relative,
                _verdict(raw, relative, slower),
            )
        )
    then, now = first(before).comparable(), first(after).comparable()
    differing = [key for key in ENVIRONMENT if then[key] != now[key]]
    missing = [f"{t.key} {name}" for t in old for name in old[t] if name not in new.get(t, {})]
    return Changes(sorted(rows, key=lambda row: -row.relative.value), machine, differing, missing)


def table(changes: Changes) -> str:
    """The changes that count as text, the slowest first."""
    rows = [
        [
            row.task.model,
            row.task.workload,
            row.subject,
            str(row.task.batch),
            seconds(row.before.median),
            seconds(row.after.median),
            interval(row.ratio),
            interval(row.relative),
            row.verdict,
        ]
        for row in changes.rows
        if row.verdict in ("slower", "faster")
    ]
    header = ["model", "workload", "subject", "batch", "before", "after", "ratio"]
    header += ["relative to the machine", ""]
    lines = [Table("Changes", "", header, rows, left=3).text()] if rows else []
    counts = [f"{sum(r.verdict == v for r in changes.rows)} {v}" for v in ("slower", "faster")]
    lines.append(f"{len(changes.rows)} compared: {', '.join(counts)}.")
    if changes.machine:
        lines.append(
            f"The machine itself: {interval(changes.machine)} the time of before by its peaks."
        )
    unclear = sum(row.verdict == "unclear" for row in changes.rows)
    if unclear:
        lines.append(
            f"{unclear} unclear: changed as measured or relative to the machine, not both. "
            f"Where they are many, the machine changed or was disturbed: run both again."
        )
    if changes.differing:
        lines.append(f"The runs differ in: {', '.join(changes.differing)}.")
    if changes.missing:
        lines.append(
            f"No longer measured, of {len(changes.rows) + len(changes.missing)}: "
            f"{len(changes.missing)}, {'; '.join(changes.missing[:SHOWN])}"
            f"{', …' if len(changes.missing) > SHOWN else ''}."
        )
    return "\n".join(lines)


def _verdict(ratio: Interval, relative: Interval, slower: float) -> str:
    found = {_side(ratio, slower), _side(relative, slower)}
    return found.pop() if len(found) == 1 else "unclear"


def _side(ratio: Interval, slower: float) -> str:
    if ratio.low > slower:
        return "slower"
    return "faster" if ratio.high < 1 / slower else "same"
