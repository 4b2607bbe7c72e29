"""A whole run: every model, every task, unit by unit, each written down when it is complete."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError, WorkerError
from benchmarks.measure.cold_start import start_cold
from benchmarks.measure.progress import Estimate, ProgressBar
from benchmarks.measure.task import Trial, fastest, measure_task
from benchmarks.measure.time_budget import TimeBudget
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


@dataclass(frozen=True)
class Unit:
    """Rows that are measured and written together: those of a task, or of cold starts."""

    model: ModelPlan
    folder: Path
    measurement: Measurement
    cold: bool = False

    @property
    def name(self) -> str:
        """Its name in the file of results."""
        return self.model.cold_unit if self.cold else self.measurement.task.key

    @property
    def kind(self) -> str:
        """Units of a kind take about as long."""
        return COLD if self.cold else self.measurement.task.workload


class BenchmarkRun:
    """Measures what a plan holds and the results lack.

    Args:
        plan: The measurements.
        pool: The subjects' processes.
        results: The file of rows, and the units that are done already.
        bar: Shows the progress.
        budget: The time of the run.
    """

    def __init__(
        self,
        plan: Plan,
        pool: WorkerPool,
        results: Results,
        bar: ProgressBar | None = None,
        *,
        budget: TimeBudget | None = None,
    ) -> None:
        self.plan = plan
        self.pool = pool
        self.results = results
        self.bar = bar or ProgressBar()
        self.budget = budget or TimeBudget()
        self.described = {row.subject for row in of_kind(results.rows, SubjectInfo)}
        self.estimate = Estimate([kind for model in plan.models for kind in self._pending(model)])

    def run(self) -> int:
        """Measures the units that are not done yet, one at least, until the time is over.

        Returns:
            How many are left.
        """
        if self.plan.skipped and Skipped.kind not in self.results.done:
            self.results.add(Skipped.kind, self.plan.skipped)
        units = self._units()
        prepared: set[str] = set()
        measured = 0
        try:
            while units and (self.budget.left or not measured):
                unit = units[0]
                if unit.model.name not in prepared:
                    with self._unit(ModelInfo.kind, f"{unit.model.name}: preparing"):
                        made = self._prepare(unit.model, unit.folder)
                    if not made:
                        own = [other for other in units if other.model is unit.model]
                        self.estimate.drop([other.kind for other in own])
                        units = [other for other in units if other not in own]
                        continue
                    prepared.add(unit.model.name)
                self._measure_unit(unit, self.budget.share(len(units)))
                measured += 1
                del units[0]
        finally:
            self.bar.close()
        return len(units)

    def _units(self) -> list[Unit]:
        """The units that are not done, model by model; within limited time, batch by batch.

        Where the time ends early, all models have then been measured at the first batch sizes,
        or at the first workloads of a batch size.
        """
        units = []
        for number, model in enumerate(self.plan.models):
            if not self._pending(model):
                continue
            folder = self.pool.folder / f"model-{number}"
            found = [Unit(model, folder, measurement) for measurement in model.measurements]
            if model.cold:
                found.append(Unit(model, folder, model.cold, cold=True))
            units += [unit for unit in found if not self._is_done(unit.name)]
        return sorted(units, key=self._turn) if self.budget.limited else units

    def _turn(self, unit: Unit) -> tuple[int, int]:
        """The places of a unit's batch size and workload; peaks come first, cold starts last."""
        batches = list(self.plan.options.batches)
        if unit.cold:
            return len(batches), 0
        task = unit.measurement.task
        place = -1 if unit.model.name == PEAK else batches.index(task.batch)
        return place, unit.model.workloads.index(task.workload)

    def _measure_unit(self, unit: Unit, seconds: float) -> None:
        task = unit.measurement.task
        doing = f"{task.model} {task.workload}, batch {task.batch}"
        with self._unit(unit.kind, f"{task.model}: cold starts" if unit.cold else doing):
            if unit.cold:
                rows = start_cold(unit.measurement, self.pool, unit.folder)
            else:
                rows = self._measure(unit.measurement, unit.folder, seconds)
            self.results.add(unit.name, rows)

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

    def _measure(self, measurement: Measurement, folder: Path, seconds: float = inf) -> list[Row]:
        started = time.monotonic()
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
        seconds -= time.monotonic() - started
        rows = measure_task(task, trials, reference, self.plan.options, folder, limit=seconds)
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
        """The kinds of a model's units that are not done; none where it could not be made."""
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
