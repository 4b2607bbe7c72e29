"""Cold starts: a new process for each subject, from nothing to the first answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.errors import WorkerError
from benchmarks.plan import Task
from benchmarks.records.schema import Row
from benchmarks.subjects import Subject
from benchmarks.workers.devices import refuse_other_device
from benchmarks.workers.pool import Crew


def cold_task(model: str, workloads: Sequence[str]) -> Task:
    """What a model is first asked for: a sample, where it makes any."""
    first = next(w for w in ("generate", "decode", *workloads) if w in workloads)
    return Task(model, first, 1)


def start_cold(task: Task, subjects: Mapping[str, Subject], crew: Crew, folder: Path) -> list[Row]:
    """A row for each subject that takes the task: seconds, peak memory, or its error."""
    rows = []
    for name, subject in subjects.items():
        if not subject.takes(task):
            continue
        row: Row = {"kind": "cold", **vars(task), "subject": name}
        worker = crew.hire(subject, f"{name}-cold")
        try:
            started = worker.start()
            refuse_other_device(crew.device, started["device"])
            row["start"] = started["start"]
            row |= worker.do("open", task={**vars(task), "folder": str(folder)})
            row["peak_memory"] = worker.do("memory")
        except WorkerError as error:
            row["error"] = str(error)
        finally:
            worker.stop()
        rows.append(row)
    return rows
