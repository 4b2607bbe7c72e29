"""A whole run: every model, every task, unit by unit, each written down when it is complete."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError, WorkerError
from benchmarks.measure.cold_start import start_cold
from benchmarks.measure.progress import Estimate, ProgressBar
from benchmarks.measure.task import Trial, fastest, measure_task
from benchmarks.plan import Measurement, ModelPlan, Plan
from benchmarks.records.file import Results
from benchmarks.records.schema import (
    Export,
    Failure,
    ModelInfo,
    Operators,
    Row,
    Skipped,
    SubjectInfo,
    Timing,
    of_kind,
    to_row,
)
from benchmarks.subjects import ONNX, Subject
from benchmarks.tasks import PEAK, TRAIN, Task
from benchmarks.workers.client import WorkerProcess
from benchmarks.workers.devices import check_device
from benchmarks.workers.pool import WorkerPool
from benchmarks.workload import cost
from benchmarks.workload.workdir import Workdir

PROFILED_CALLS = 30
COLD = "cold"


class BenchmarkRun:
    """Measures what a plan holds and the results lack.

    Args:
        plan: The measurements.
        pool: The subjects' processes.
        results: The file of rows, and the units that are done already.
        bar: Shows the progress.
    """

    def __init__(
        self, plan: Plan, pool: WorkerPool, results: Results, bar: ProgressBar | None = None
    ) -> None:
        self.plan = plan
        self.pool = pool
        self.results = results
        self.bar = bar or ProgressBar()
        self.described = {row.subject for row in of_kind(results.rows, SubjectInfo)}
        self.estimate = Estimate([kind for model in plan.models for kind in self._pending(model)])

    def run(self) -> None:
        """Measures the units that are not done yet."""
        if self.plan.skipped and Skipped.kind not in self.results.done:
            self.results.add(Skipped.kind, self.plan.skipped)
        try:
            for number, model in enumerate(self.plan.models):
                if self._pending(model):
                    self._run_model(model, self.pool.folder / f"model-{number}")
        finally:
            self.bar.close()

    def _run_model(self, model: ModelPlan, folder: Path) -> None:
        pending = self._pending(model)
        with self._unit(ModelInfo.kind, f"{model.name}: preparing"):
            prepared = self._prepare(model, folder)
        if not prepared:
            self.estimate.drop(pending[1:])
            return
        for measurement in model.measurements:
            task = measurement.task
            if self._is_done(task.key):
                continue
            with self._unit(task.workload, f"{model.name} {task.workload}, batch {task.batch}"):
                self.results.add(task.key, self._measure(measurement, folder))
        if model.cold and not self._is_done(model.cold_unit):
            with self._unit(COLD, f"{model.name}: cold starts"):
                self.results.add(model.cold_unit, start_cold(model.cold, self.pool, folder))

    def _prepare(self, model: ModelPlan, folder: Path) -> bool:
        """Makes the model and its graphs, in a continued run again; rows are written once.

        Returns:
            Whether the model could be made.
        """
        where = {"folder": str(folder), "model": model.name}
        workloads = model.workloads
        rows: list[Row] = []
        try:
            made = self.pool.reference.call(
                "prepare", **where, settings=dict(model.settings), workloads=workloads
            )
            rows.append(to_row(made))
            for (route, precision), worker in self.pool.exporters().items():
                rows += _export(worker, **where, route=route, precision=precision)
            batches = self.plan.options.batches
            rows += cost.rows(Workdir(folder), model.name, workloads, batches)
        except (WorkerError, BenchmarkError) as error:
            rows = [Failure(of=ModelInfo.kind, model=model.name, error=str(error))]
        if not self._is_done(model.name):
            self.results.add(model.name, rows)
        return not isinstance(rows[0], Failure)

    def _measure(self, measurement: Measurement, folder: Path) -> list[Row]:
        task = measurement.task
        trials = [Trial(subject, self.pool[subject]) for subject in measurement.subjects]
        for trial in trials:
            trial.error = self._device_error(self.pool[trial.subject])
        try:
            reference = self._reference(task, folder)
        except WorkerError as error:
            for trial in trials:
                trial.error = trial.error or f"no reference: {error}"
            return [trial.row(task) for trial in trials]
        rows = measure_task(task, trials, reference, self.plan.options, folder)
        rows += self._subject_infos(measurement.subjects)
        return rows + self._operators(measurement, of_kind(rows, Timing), folder)

    def _device_error(self, worker: WorkerProcess) -> str | None:
        """The error of a worker that cannot start or computes on another device, or None."""
        try:
            check_device(self.plan.options.device, worker.start()["device"])
        except WorkerError as error:
            return str(error)
        return None

    def _reference(self, task: Task, folder: Path) -> dict[str, np.ndarray]:
        path = folder / "reference.npz"
        located = {**vars(task), "folder": str(folder)}
        self.pool.reference.call("reference", task=located, outputs=str(path))
        with np.load(path) as arrays:
            return {name: arrays[name] for name in arrays.files}

    def _subject_infos(self, subjects: Sequence[Subject]) -> list[Row]:
        """The descriptions of subjects that have not been described yet."""
        rows: list[Row] = []
        for subject in subjects:
            description = self.pool[subject].description
            if description and subject.name not in self.described:
                self.described.add(subject.name)
                own = {"subject": subject.name, "type": subject.kind}
                precision = {"precision": subject.precision}
                rows.append(SubjectInfo.from_json(own | precision | description))
        return rows

    def _operators(
        self, measurement: Measurement, timings: Sequence[Timing], folder: Path
    ) -> list[Row]:
        """ONNX Runtime's time by operator, where a backend was faster."""
        task, subjects = measurement.task, measurement.subjects
        ours = next((subject for subject in subjects if subject.kind == ONNX), None)
        if ours is None or task.workload == TRAIN or task.model == PEAK:
            return []
        timed = {row.subject: row for row in timings}
        rivals = [subject.name for subject in subjects if subject.kind != ONNX]
        winner = fastest([timed[name] for name in (ours.name, *rivals) if name in timed])
        if winner is None or ours.name not in timed or winner.subject == ours.name:
            return []
        where: dict[str, Any] = {**vars(task), "subject": ours.name}
        located = {**vars(task), "folder": str(folder)}
        try:
            seconds = self.pool[ours].call("profile", task=located, calls=PROFILED_CALLS)
        except WorkerError as error:
            return [Failure(of=Operators.kind, **where, error=str(error))]
        return [Operators(**where, fastest=winner.subject, seconds=seconds)]

    def _is_done(self, unit: str) -> bool:
        return unit in self.results.done

    def _pending(self, model: ModelPlan) -> list[str]:
        """The kinds of a model's units that are not done."""
        tasks = [m.task for m in model.measurements]
        kinds = [task.workload for task in tasks if not self._is_done(task.key)]
        if model.cold and not self._is_done(model.cold_unit):
            kinds.append(COLD)
        failed = self._is_done(model.name) and not any(
            row.model == model.name for row in of_kind(self.results.rows, ModelInfo)
        )
        return [ModelInfo.kind, *kinds] if kinds and not failed else []

    @contextmanager
    def _unit(self, kind: str, doing: str) -> Iterator[None]:
        """Shows what is being done, and how long such units take."""
        self.bar.show(self.estimate, doing)
        started = time.monotonic()
        yield
        self.estimate.finish(kind, time.monotonic() - started)


def _export(worker: WorkerProcess, **arguments: str) -> list[Row]:
    model, route, precision = (arguments[key] for key in ("model", "route", "precision"))
    try:
        exported = worker.call("export", **arguments)
    except WorkerError as error:
        where: dict[str, Any] = {"model": model, "route": route, "precision": precision}
        return [Failure(of=Export.kind, **where, error=str(error))]
    return [to_row(row) for row in exported]
