"""Cold starts: a new process for each subject, from its start to its first outputs."""

from __future__ import annotations

from pathlib import Path

from benchmarks.errors import WorkerError
from benchmarks.plan import Measurement
from benchmarks.records.schema import ColdStart, Failure, Row
from benchmarks.subjects import Subject
from benchmarks.tasks import Task
from benchmarks.workers.devices import check_device
from benchmarks.workers.pool import WorkerPool


def start_cold(measurement: Measurement, pool: WorkerPool, folder: Path) -> list[Row]:
    """A row for each subject: seconds and peak memory, or the error."""
    return [_start(subject, measurement.task, pool, folder) for subject in measurement.subjects]


def _start(subject: Subject, task: Task, pool: WorkerPool, folder: Path) -> Row:
    worker = pool.new_worker(subject, f"{subject.name}-cold")
    try:
        started = worker.start()
        check_device(pool.device, started["device"])
        opened = worker.request("open", task={**vars(task), "folder": str(folder)})
        return ColdStart(
            **vars(task),
            subject=subject.name,
            start=started["start"],
            load=opened["load"],
            first=opened["first"],
            peak_memory=worker.request("memory"),
        )
    except WorkerError as error:
        return Failure(of=ColdStart.kind, **vars(task), subject=subject.name, error=str(error))
    finally:
        worker.stop()
