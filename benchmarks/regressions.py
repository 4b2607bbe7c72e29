"""Two runs compared: what became slower or faster, with confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.cases import PEAK, Task
from benchmarks.errors import BenchmarkError
from benchmarks.report.analysis import Analysis
from benchmarks.report.content import interval
from benchmarks.report.tables import Table, seconds, times
from benchmarks.results import Row, comparable
from benchmarks.statistics import Interval, Summary, change, geometric_mean, summarize

ENVIRONMENT = ("processor", "cores", "threads", "device", "versions")


@dataclass(frozen=True)
class Change:
    """One subject at one task in two runs; `ratio` above 1 is slower than before."""

    task: Task
    subject: str
    before: Summary
    after: Summary
    ratio: Interval
    verdict: str


@dataclass(frozen=True)
class Changes:
    """All changes, and what else differs between the runs.

    `machine` is how much slower the machine itself was, by the subjects' ceilings; every ratio has
    been divided by it.
    """

    rows: Sequence[Change]
    machine: Interval | None
    differing: Sequence[str]
    missing: Sequence[str]


def compare(before: Sequence[Row], after: Sequence[Row], *, slower: float = 1.05) -> Changes:
    """Compares what both runs measured.

    A subject is slower where the whole confidence interval of its ratio lies above `slower`, faster
    where it lies below its inverse.

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
        (task, name): change(old[task][name]["rounds"], new[task][name]["rounds"])
        for task, name in shared
    }
    peaks = [ratio.value for (task, _), ratio in ratios.items() if task.model == PEAK]
    machine = geometric_mean(peaks) if peaks else None
    drift = machine.value if machine else 1.0
    rows = []
    for (task, name), raw in ratios.items():
        if task.model == PEAK:
            continue
        ratio = Interval(raw.value / drift, raw.low / drift, raw.high / drift)
        rows.append(
            Change(
                task,
                name,
                summarize(old[task][name]["rounds"]),
                summarize(new[task][name]["rounds"]),
                ratio,
                _verdict(ratio, slower),
            )
        )
    then, now = comparable(before[0]), comparable(after[0])
    differing = [key for key in ENVIRONMENT if then[key] != now[key]]
    lost = [f"{t.key} {name}" for t in old for name in old[t] if name not in new.get(t, {})]
    return Changes(sorted(rows, key=lambda row: -row.ratio.value), machine, differing, lost)


def table(changes: Changes) -> str:
    """The changes that count, in words, worst first."""
    rows = [
        [
            row.task.model,
            row.task.workload,
            row.subject,
            str(row.task.batch),
            seconds(row.before.median),
            seconds(row.after.median),
            interval(row.ratio),
            row.verdict,
        ]
        for row in changes.rows
        if row.verdict != "same"
    ]
    header = ["model", "workload", "subject", "batch", "before", "after", "ratio", ""]
    lines = [Table("Changes", "", header, rows, left=3).text()] if rows else []
    counts = [f"{sum(r.verdict == v for r in changes.rows)} {v}" for v in ("slower", "faster")]
    lines.append(f"{len(changes.rows)} compared: {', '.join(counts)}.")
    if changes.machine:
        lines.append(
            f"The machine itself: {times(changes.machine.value)} the time of before by its "
            f"measured peaks; ratios are relative to that."
        )
    if changes.differing:
        lines.append(f"The runs differ in: {', '.join(changes.differing)}.")
    if changes.missing:
        lines.append(f"No longer measured: {'; '.join(changes.missing)}.")
    return "\n".join(lines)


def _verdict(ratio: Interval, slower: float) -> str:
    if ratio.low > slower:
        return "slower"
    return "faster" if ratio.high < 1 / slower else "same"
