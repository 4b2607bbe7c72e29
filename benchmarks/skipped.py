"""What was asked for and is not measured: whose place stays empty in the tables, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.errors import BenchmarkError
from benchmarks.plan import TRAIN, Plan, Task
from benchmarks.records.schema import Row
from benchmarks.subjects import COMPILED, PLAIN, Subject


def omissions(plan: Plan, subjects: Mapping[str, Subject], absent: Mapping[str, str]) -> list[Row]:
    """Rows of the kind `left_out`, each with whose work is missing and the reason as its error.

    That `predict` and ONNX files do not train goes without saying.

    Args:
        plan: What is measured.
        subjects: Name → subject, those of the plan.
        absent: Name → why the subject cannot run here, of those that were asked for.
    """
    rows: list[Row] = [{"subject": name, "error": reason} for name, reason in absent.items()]
    for name, subject in subjects.items():
        if TRAIN in plan.workloads and not subject.trains and subject.kind in (COMPILED, PLAIN):
            rows.append({"subject": name, "workload": TRAIN, "error": "Does not train."})
        if subject.models is not None and not set(plan.models) <= set(subject.models):
            reason = f"Written by hand, for {' and '.join(subject.models)} alone."
            rows.append({"subject": name, "error": reason})
    return [{"kind": "left_out", **row} for row in rows]


def lacking(plan: Plan, offered: Mapping[str, Sequence[str]]) -> list[Row]:
    """Rows of the kind `left_out`: workloads that were asked for and that a model does not have.

    Args:
        plan: What is measured.
        offered: Model → what it can be used for.
    """
    return [
        {
            "kind": "left_out",
            "model": model,
            "workload": workload,
            "error": f"No such workload; there are {', '.join(names)}.",
        }
        for model, names in offered.items()
        for workload in plan.workloads
        if workload not in names
    ]


def sentences(rows: Sequence[Row]) -> list[str]:
    """A line for each reason: who and what is left out."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        name = row.get("subject") or row["model"]
        found.setdefault((row["error"], row.get("workload", "")), []).append(name)
    return [
        f"not measured: {f'{workload} of ' if workload else ''}{', '.join(names)}. {reason}"
        for (reason, workload), names in found.items()
    ]


def refuse_nothing(
    plan: Plan, subjects: Mapping[str, Subject], workloads: Mapping[str, Sequence[str]]
) -> None:
    """Refuses a plan of which no subject can do anything.

    Args:
        plan: What is measured.
        subjects: Name → subject, those of the plan.
        workloads: Model → what it can be used for.

    Raises:
        BenchmarkError: There is nothing to time.
    """
    for model, offered in workloads.items():
        for workload in set(offered) & set(plan.workloads):
            if any(subject.takes(Task(model, workload, 1)) for subject in subjects.values()):
                return
    offered = "; ".join(f"{model}: {', '.join(names)}" for model, names in workloads.items())
    raise BenchmarkError(
        f"There is nothing to time. Received: {', '.join(plan.workloads)}, by "
        f"{', '.join(subjects)}. Accepted: what the models have and the subjects do, of {offered}"
    )
