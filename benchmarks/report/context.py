"""The tables beside the timings: the machine, cold starts, exports, failures and skipped work."""

from __future__ import annotations

from benchmarks.records.schema import ColdStart, Export, Failure, ModelInfo, Skipped, of_kind
from benchmarks.report.analysis import Analysis
from benchmarks.report.tables import MISSING, Table, seconds, size
from benchmarks.tasks import PEAK


def ceilings(analysis: Analysis) -> Table:
    """The machine's highest rates, by measure and subject."""
    ceiling = analysis.ceiling()
    rows = []
    if ceiling is not None:
        for task, timed in analysis.times.items():
            if task.model != PEAK:
                continue
            cost = analysis.costs[task]
            for name, row in timed.items():
                flops, moved = (work / row.best / 1e9 for work in (cost.flops, cost.bytes))
                best = "highest" if ceiling.holders[task.workload] == name else ""
                rows.append([task.workload, name, f"{flops:.1f}", f"{moved:.1f}", best])
    note = (
        "Measured in the same run: a matrix product, a 3×3 convolution, and left + 3·right in the "
        "caches and in memory, each at its best. The highest are the ceilings that shares refer to."
    )
    header = ["measure", "subject", "GFLOP/s", "GB/s", ""]
    return Table("The machine's ceilings", note, header, rows, left=2)


def cold(analysis: Analysis) -> Table:
    """Start, load and first call of a new process."""
    rows = [
        [
            row.model,
            row.subject,
            seconds(row.start),
            seconds(row.load),
            seconds(row.first),
            seconds(row.start + row.load + row.first),
            size(row.peak_memory),
        ]
        for row in of_kind(analysis.rows, ColdStart)
    ]
    note = (
        "A new process with its files in the system's cache: seconds of imports, of loading the "
        "model, of the first call; and the peak memory."
    )
    header = ["model", "subject", "import", "load", "first call", "total", "peak memory"]
    return Table("Cold start", note, header, rows, left=2)


def exports(analysis: Analysis) -> Table:
    """Each part by each route that converts it."""
    rows = [
        [
            row.model,
            row.part,
            row.route,
            row.precision,
            MISSING if row.seconds is None else seconds(row.seconds["convert"]),
            MISSING if row.nodes is None else str(row.nodes),
            size(row.bytes),
            MISSING if row.tolerance_used is None else f"{row.tolerance_used:.0%}",
        ]
        for row in of_kind(analysis.rows, Export)
        if row.model != PEAK
    ]
    note = (
        "Each part by each route that converts it; tolerance: the largest share of the "
        "certificate's tolerance that a difference takes. Above 100% the tolerance includes the "
        "native model's own response to rounding, mostly of inputs a thousand times larger than "
        "usual."
    )
    header = ["model", "part", "route", "precision", "conversion", "nodes", "file", "tolerance"]
    return Table("Export", note, header, rows, left=4)


def failures(analysis: Analysis) -> Table:
    """Failed measurements: one line for each model, subject and error."""
    # A subject that fails at one task mostly fails at all tasks of the model.
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in of_kind(analysis.rows, Failure):
        subject = row.subject or row.route or ""
        where = [str(v) for v in (row.workload, row.batch, row.part) if v is not None]
        found.setdefault((row.model or "", subject, row.error), []).append(" ".join(where))
    rows = [
        [f"{model} {where[0]}".strip() if len(where) == 1 else f"{model}, {len(where)} times"]
        + [subject, error]
        for (model, subject, error), where in found.items()
    ]
    note = "Measurements that failed, and their errors. Wrong outputs are never timed."
    return Table("Failures", note, ["where", "subject", "error"], rows, left=3)


def skipped(analysis: Analysis) -> Table:
    """Requested measurements that were skipped."""
    rows = [
        [row.model or "", row.workload or "", row.subject or "", row.reason]
        for row in of_kind(analysis.rows, Skipped)
    ]
    note = "Requested measurements that were skipped, and why."
    return Table("Skipped", note, ["model", "workload", "subject", "reason"], rows, left=4)


def unmeasured(analysis: Analysis) -> Table:
    """The tasks of the plan that the results do not have yet."""
    plan = analysis.conditions.plan
    failed = of_kind(analysis.rows, Failure)
    found = {row.model: row.workloads for row in of_kind(analysis.rows, ModelInfo)}
    skipped = {r.model for r in of_kind(analysis.rows, Skipped) if r.workload is None}
    unmade = ({row.model for row in failed} | skipped) - set(found)
    measured: set[tuple[str | None, str | None, int | None]] = {
        (task.model, task.workload, task.batch) for task in analysis.times
    }
    measured |= {(row.model, row.workload, row.batch) for row in failed}
    rows = []
    for model in plan.get("models", ()):
        if model in unmade:
            continue
        for workload in found.get(model, ["all"]):
            left = [b for b in plan.get("batches", ()) if (model, workload, b) not in measured]
            if left:
                rows.append([model, workload, ", ".join(map(str, left))])
    note = "Tasks of the plan for which the time was too short; the same command measures them."
    return Table("Not measured yet", note, ["model", "workload", "batches"], rows, left=3)
