"""The tables beside the timings: the machine, cold starts, exports, and what failed."""

from __future__ import annotations

from benchmarks.plan import PEAK
from benchmarks.records.file import of_kind
from benchmarks.report.analysis import Analysis
from benchmarks.report.tables import MISSING, Table, seconds, size


def ceilings(analysis: Analysis) -> Table:
    """What the machine can do at best, by measure and subject."""
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


def cold(analysis: Analysis) -> Table:
    """From nothing to the first answer, in a new process."""
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


def exports(analysis: Analysis) -> Table:
    """Each part by each route that converts it."""
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
    note = (
        "Each part by each route that converts it; tolerance: the share of the certificate's that "
        "differences used. Above 100%, inputs a thousand times larger than usual used it, where "
        "what their rounding alone changes in the native model is added."
    )
    header = ["model", "part", "route", "precision", "conversion", "nodes", "file", "tolerance"]
    return Table("Export", note, header, rows, left=4)


def failures(analysis: Analysis) -> Table:
    """What could not be measured, and why."""
    # What fails at one task mostly fails at all: one line for each model, subject and reason.
    places: dict[tuple[str, str, str], list[str]] = {}
    for row in analysis.rows:
        if "error" in row:
            who = str(row.get("subject", row.get("route", "")))
            where = " ".join(str(row[k]) for k in ("workload", "batch", "part") if k in row)
            places.setdefault((row.get("model", ""), who, row["error"]), []).append(where)
    rows = [
        [f"{model} {found[0]}".strip() if len(found) == 1 else f"{model}, {len(found)} times"]
        + [who, why]
        for (model, who, why), found in places.items()
    ]
    note = "What could not be measured, and why. A wrong output is never timed."
    return Table("Failures", note, ["where", "who", "why"], rows, left=3)
