"""The tables of a report."""

from __future__ import annotations

from benchmarks.cases import PEAK, TRAIN
from benchmarks.report.analysis import OURS, Analysis, task_of
from benchmarks.report.tables import Table, seconds, size, times
from benchmarks.results import of_kind
from benchmarks.statistics import Interval, summarize
from benchmarks.subjects import COMPILED, PLAIN, PREDICT

MISSING = "–"
AGAINST = {
    COMPILED: "the fastest compiled backend",
    PREDICT: "the fastest Keras predict",
    PLAIN: "hand-written PyTorch",
}
SHOWN = 4
"""Operators that are named where ONNX Runtime did not win."""


def tables(analysis: Analysis) -> list[Table]:
    """All tables that the results have figures for."""
    made = [
        _means(analysis),
        _inference(analysis),
        _training(analysis),
        _subjects(analysis),
        _operators(analysis),
        _ceilings(analysis),
        _cold(analysis),
        _exports(analysis),
        _errors(analysis),
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


def _inference(analysis: Analysis) -> Table:
    compiled = {c.task: c for c in analysis.speedups(COMPILED)}
    predict = {c.task: c for c in analysis.speedups(PREDICT)}
    rows = []
    for task in analysis.tasks:
        if task.workload == TRAIN or OURS not in analysis.times[task]:
            continue
        ours = summarize(analysis.times[task][OURS]["rounds"])
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
        "Speed-ups are medians of per-round ratios with 95% intervals. Ceiling: the share of what "
        "the machine can do at best, by its measured peak."
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
            summary = summarize(row["rounds"])
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
            seconds(summarize(row["rounds"]).median),
            seconds(row["best"]),
            f"{task.batch / summarize(row['rounds']).median:.0f}",
            seconds(row["first"]),
        ]
        for task in analysis.tasks
        for name, row in analysis.times[task].items()
    ]
    note = "Every subject at every task; the first call includes compilation."
    header = ["model", "workload", "subject", "batch", "median", "best", "samples/s", "first call"]
    return Table("All timings", note, header, rows, left=3)


def _operators(analysis: Analysis) -> Table:
    rows = []
    for row in of_kind(analysis.rows, "operators"):
        if "error" in row:
            continue
        task = task_of(row)
        total = sum(row["seconds"].values())
        parts = [f"{name} {value / total:.0%}" for name, value in row["seconds"].items()]
        share = analysis.share(task, row["subject"])
        found = analysis.compare(task, row["subject"], row["fastest"])
        rows.append(
            [
                task.model,
                task.workload,
                row["fastest"],
                ", ".join(parts[:SHOWN]),
                str(task.batch),
                MISSING if found is None else interval(found.speedup),
                MISSING if share is None else f"{share:.0%}",
            ]
        )
    note = (
        "Where something else was faster: ONNX Runtime's time by operator, from its own profile. A "
        "high share of the ceiling says that there is little left to gain; a low one, that the "
        "operators named are where to look."
    )
    header = ["model", "workload", "fastest", "ONNX Runtime spends it on", "batch"]
    header += ["speed-up", "ceiling"]
    return Table("Where ONNX Runtime does not win", note, header, rows, left=4)


def _ceilings(analysis: Analysis) -> Table:
    ceiling = analysis.ceiling()
    rows = []
    if ceiling is not None:
        for task, timed in analysis.times.items():
            if task.model != PEAK:
                continue
            cost = analysis.costs[task]
            for name, row in timed.items():
                flops, moved = (cost[work] / row["best"] / 1e9 for work in ("flops", "bytes"))
                best = "highest" if ceiling.holders[task.workload] == name else ""
                rows.append([task.workload, name, f"{flops:.1f}", f"{moved:.1f}", best])
    note = (
        "Measured in the same run: a matrix product, a 3×3 convolution, and left + 3·right in the "
        "caches and in memory, each at its best. The highest are the ceilings that shares refer to."
    )
    header = ["measure", "subject", "GFLOP/s", "GB/s", ""]
    return Table("The machine's ceilings", note, header, rows, left=2)


def _cold(analysis: Analysis) -> Table:
    rows = [
        [
            row["model"],
            row["subject"],
            seconds(row["start"]),
            seconds(row["load"]),
            seconds(row["first"]),
            seconds(row["start"] + row["load"] + row["first"]),
            size(row["peak_memory"]),
        ]
        for row in of_kind(analysis.rows, "cold")
        if "error" not in row
    ]
    note = (
        "A new process with its files in the system's cache: until everything is imported, the "
        "model is loaded, the first sample is answered; and the most memory it held."
    )
    header = ["model", "subject", "import", "load", "first answer", "in all", "peak memory"]
    return Table("Cold start", note, header, rows, left=2)


def _exports(analysis: Analysis) -> Table:
    rows = []
    for row in of_kind(analysis.rows, "export"):
        if "error" in row or row["model"] == PEAK:
            continue
        certified = "tolerance_used" in row
        rows.append(
            [
                row["model"],
                row["part"],
                row["route"],
                row.get("precision", "float32"),
                seconds(row["seconds"]["convert"]) if certified else MISSING,
                str(row["nodes"]) if certified else MISSING,
                size(row["bytes"]),
                f"{row['tolerance_used']:.0%}" if certified else MISSING,
            ]
        )
    note = "Each part by each route that converts it; tolerance: the share that differences used."
    header = ["model", "part", "route", "precision", "conversion", "nodes", "file", "tolerance"]
    return Table("Export", note, header, rows, left=4)


def _errors(analysis: Analysis) -> Table:
    rows = []
    for row in analysis.rows:
        if "error" in row:
            where = [str(row[k]) for k in ("model", "workload", "batch", "part") if k in row]
            rows.append([" ".join(where), row.get("subject", row.get("route", "")), row["error"]])
    note = "What could not be measured, and why. A wrong output is never timed."
    return Table("Failures", note, ["where", "who", "why"], rows, left=3)
