"""The tables of a report."""

from __future__ import annotations

from benchmarks.measure.statistics import Interval, geometric_mean, summarize
from benchmarks.records.schema import Operators, of_kind
from benchmarks.report import context
from benchmarks.report.analysis import OURS, Analysis
from benchmarks.report.tables import MISSING, Table, seconds, times
from benchmarks.subjects import COMPILED, PLAIN, PREDICT
from benchmarks.tasks import TRAIN

AGAINST = {
    COMPILED: "the fastest compiled backend",
    PREDICT: "the fastest Keras predict",
    PLAIN: "hand-written PyTorch",
}
SHOWN = 4
"""Operators that are named where ONNX Runtime was not the fastest."""


def tables(analysis: Analysis) -> list[Table]:
    """All tables that the results have figures for."""
    made = [
        _means(analysis),
        _by_subject(analysis),
        _inference(analysis),
        _training(analysis),
        _subjects(analysis),
        _operators(analysis),
        context.ceilings(analysis),
        context.cold(analysis),
        context.exports(analysis),
        context.failures(analysis),
        context.skipped(analysis),
        context.unmeasured(analysis),
    ]
    return [table for table in made if table.rows]


def interval(found: Interval) -> str:
    """A ratio with its confidence interval: `2.31× (2.20–2.45)`."""
    low, high = (times(bound).rstrip("×") for bound in (found.low, found.high))
    return f"{times(found.value)} ({low}–{high})"


def _means(analysis: Analysis) -> Table:
    rows = [
        [AGAINST[kind], str(batch), interval(mean), times(least), str(count)]
        for kind, batch, mean, least, count in analysis.means()
    ]
    note = (
        "Geometric mean of ONNX Runtime's speed-ups over all models and workloads, with its 95% "
        "interval, and the least of them. Above 1×, ONNX Runtime is faster."
    )
    header = ["against", "batch", "mean speed-up", "least", "tasks"]
    return Table("ONNX Runtime in short", note, header, rows)


def _by_subject(analysis: Analysis) -> Table:
    found = {name: analysis.against(name) for name in analysis.kinds if name != OURS}
    batches = sorted({c.task.batch for compared in found.values() for c in compared})
    rows = []
    for name, compared in found.items():
        row = [name]
        for batch in batches:
            ratios = [c.speedup.value for c in compared if c.task.batch == batch]
            row += [times(geometric_mean(ratios).value), times(min(ratios))] if ratios else []
            row += [] if ratios else [MISSING] * 2
        rows.append([*row, str(len(compared))] if compared else [])
    note = (
        "How many times faster ONNX Runtime is, in float32 on the direct route's files, than each "
        "other subject at the tasks that both completed: geometric mean, and the least. Below 1×, "
        "the other is faster."
    )
    header = ["subject"]
    for batch in batches:
        header += [f"batch {batch}", "least"]
    return Table("ONNX Runtime against each", note, [*header, "tasks"], [r for r in rows if r])


def _inference(analysis: Analysis) -> Table:
    compiled = {c.task: c for c in analysis.speedups(COMPILED)}
    predict = {c.task: c for c in analysis.speedups(PREDICT)}
    rows = []
    for task in analysis.tasks:
        if task.workload == TRAIN or OURS not in analysis.times[task]:
            continue
        ours = summarize(analysis.times[task][OURS].rounds)
        row = [task.model, task.workload, str(task.batch), seconds(ours.median)]
        row.append(f"{seconds(ours.lower)} – {seconds(ours.upper)}")
        for found in (compiled.get(task), predict.get(task)):
            if found is None:
                row += [MISSING] * 3
            else:
                row += [found.other, seconds(found.other_seconds.median), interval(found.speedup)]
        share = analysis.share(task, OURS)
        rows.append([*row, MISSING if share is None else f"{share:.0%}"])
    note = (
        "Seconds per call, from NumPy arrays to NumPy arrays: median and quartiles of the rounds. "
        "Speed-ups are medians of per-round ratios with 95% intervals. Ceiling: the share of the "
        "machine's highest measured rate."
    )
    header = ["model", "workload", "batch", "ONNX Runtime", "quartiles"]
    header += ["best compiled", "its time", "speed-up", "best predict", "its time", "speed-up"]
    return Table("Inference", note, [*header, "ceiling"], rows, left=2)


def _training(analysis: Analysis) -> Table:
    compared = {(c.task, c.subject): c for c in analysis.training()}
    rows = []
    for task in analysis.tasks:
        if task.workload != TRAIN:
            continue
        for name, row in analysis.times[task].items():
            summary = summarize(row.rounds)
            found = compared.get((task, name))
            relative = MISSING if found is None else times(1 / found.speedup.value)
            rate = f"{task.batch / summary.median:.0f}"
            rows.append(
                [task.model, name, str(task.batch), seconds(summary.median), rate, relative]
            )
    note = (
        "One training step, all its phases, from NumPy batches to the losses. The last column is "
        "the time as a multiple of the same architecture hand-written in eager PyTorch."
    )
    header = ["model", "subject", "batch", "step", "samples/s", "against plain-torch"]
    return Table("Training", note, header, rows, left=2)


def _subjects(analysis: Analysis) -> Table:
    rows = [
        [
            task.model,
            task.workload,
            name,
            str(task.batch),
            seconds(summarize(row.rounds).median),
            seconds(row.best),
            f"{task.batch / summarize(row.rounds).median:.0f}",
            seconds(row.first),
        ]
        for task in analysis.tasks
        for name, row in analysis.times[task].items()
    ]
    note = "Every subject at every task; the first call includes compilation."
    header = ["model", "workload", "subject", "batch", "median", "best", "samples/s", "first call"]
    return Table("All timings", note, header, rows, left=3)


def _operators(analysis: Analysis) -> Table:
    rows = []
    for row in of_kind(analysis.rows, Operators):
        task = row.task
        total = sum(row.seconds.values())
        shares = [f"{name} {value / total:.0%}" for name, value in row.seconds.items()]
        share = analysis.share(task, row.subject)
        found = analysis.compare(task, row.subject, row.fastest)
        rows.append(
            [
                task.model,
                task.workload,
                row.fastest,
                ", ".join(shares[:SHOWN]),
                str(task.batch),
                MISSING if found is None else interval(found.speedup),
                MISSING if share is None else f"{share:.0%}",
            ]
        )
    note = (
        "Tasks at which another subject was faster: ONNX Runtime's time by operator, from its own "
        "profile of the whole batch, not split among threads. A high share of the ceiling leaves "
        "little to gain; with a low one, the named operators are the ones to improve."
    )
    header = ["model", "workload", "fastest", "time by operator", "batch"]
    header += ["speed-up", "ceiling"]
    return Table("Where ONNX Runtime is not the fastest", note, header, rows, left=4)
