"""A whole run: every model, every task, unit by unit, each written down when it is complete."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError, WorkerError
from benchmarks.measure.cold_start import cold_task, start_cold
from benchmarks.measure.progress import Estimate, ProgressBar
from benchmarks.measure.task import Entrant, contest, fastest
from benchmarks.plan import PEAK, TRAIN, WORKLOADS, Plan, Task
from benchmarks.records.file import Results, Row, of_kind
from benchmarks.skipped import lacking, refuse_nothing, sentences
from benchmarks.subjects import ONNX, Subject
from benchmarks.workers.client import WorkerProcess
from benchmarks.workers.devices import refuse_other_device
from benchmarks.workers.pool import Crew
from benchmarks.workload import cost
from benchmarks.workload.workdir import Store

PROFILED_CALLS = 30


class Session:
    """Carries out a plan with its subjects.

    Args:
        plan: What is measured.
        subjects: Name → subject, those of the plan.
        results: Where rows go, and which units are done already.
        bar: Shows the progress.
        omitted: Rows of what is left out, for the results.
    """

    def __init__(
        self,
        plan: Plan,
        subjects: Mapping[str, Subject],
        results: Results,
        bar: ProgressBar | None = None,
        *,
        omitted: Sequence[Row] = (),
    ) -> None:
        self.plan = plan
        self.subjects = subjects
        self.results = results
        self.bar = bar or ProgressBar()
        self.omitted = omitted
        self.models = [*([PEAK] if plan.peaks else []), *plan.models]
        self.estimate = Estimate([kind for model in self.models for kind in self._guess(model)])

    def run(self) -> None:
        """Does what is not done yet.

        Raises:
            BenchmarkError: There is nothing to time, since no model has the workloads.
        """
        with tempfile.TemporaryDirectory(prefix="genzoo-bench-") as folder:
            root = Path(folder)
            plan = self.plan
            crew = Crew(self.subjects, root, threads=plan.threads, device=plan.device)
            try:
                self._begin(crew)
                for model in self.models:
                    if self._guess(model):
                        self._run_model(model, crew, root / model)
            finally:
                crew.dismiss()
                self.bar.close()

    def _begin(self, crew: Crew) -> None:
        """Refuses to begin where no model has what is asked for; notes what is left out."""
        begun = self.results.done - {"conditions"}
        if not begun and not set(WORKLOADS) <= set(self.plan.workloads):
            offered = crew.reference().ask("workloads", models=list(self.plan.models))
            refuse_nothing(self.plan, self.subjects, offered)
            absent = lacking(self.plan, offered)
            self.bar.stream.writelines(f"{line}\n" for line in sentences(absent))
            self.omitted = [*self.omitted, *absent]
        if self.omitted and "left_out" not in begun:
            self.results.add("left_out", self.omitted)

    def _run_model(self, model: str, crew: Crew, folder: Path) -> None:
        guessed = self._guess(model)
        with self._unit(guessed[0], f"{model}: preparing"):
            described = self._prepare(model, crew, folder)
        for kind in guessed[1:]:
            self.estimate.pending.remove(kind)
        if "error" in described:
            return
        tasks = self._pending(model, described["workloads"])
        cold = self._is_cold(model)
        self.estimate.pending += [*(task.workload for task in tasks), *(["cold"] if cold else [])]
        for task in tasks:
            with self._unit(task.workload, f"{model} {task.workload}, batch {task.batch}"):
                self.results.add(task.key, self._contest(task, crew, folder))
        if cold:
            with self._unit("cold", f"{model}: cold starts"):
                cold_start = cold_task(model, described["workloads"])
                rows = start_cold(cold_start, self.subjects, crew, folder)
                self.results.add(f"{model}/cold", rows)

    def _prepare(self, model: str, crew: Crew, folder: Path) -> Row:
        """Makes the model and its graphs, again where a run goes on; rows are written once."""
        row: Row = {"kind": "model", "model": model}
        rows = [row]
        settings = dict(self.plan.settings.get(model, {}))
        try:
            row |= crew.reference().ask(
                "prepare", folder=str(folder), model=model, settings=settings
            )
            for (route, precision), worker in crew.exporters().items():
                asked = {"folder": str(folder), "model": model}
                rows += self._export(worker, asked | {"route": route, "precision": precision})
            rows += cost.rows(Store(folder), model, row["workloads"], self.plan.batches)
        except (WorkerError, BenchmarkError) as error:
            row["error"] = str(error)
        if model not in self.results.done:
            self.results.add(model, rows)
        return row

    def _export(self, worker: Any, asked: dict[str, str]) -> list[Row]:
        try:
            exported = worker.ask("export", **asked)
        except WorkerError as error:
            exported = [{"route": asked["route"], "error": str(error)}]
        return [{"kind": "export", "model": asked["model"], **row} for row in exported]

    def _contest(self, task: Task, crew: Crew, folder: Path) -> list[Row]:
        taking_part = {name: s for name, s in self.subjects.items() if s.takes(task)}
        entrants = [Entrant(name, crew[name], s.precision) for name, s in taking_part.items()]
        for entrant in entrants:
            entrant.error = self._refuse_device(crew[entrant.name])
        try:
            reference = self._reference(task, crew, folder)
        except WorkerError as error:
            for entrant in entrants:
                entrant.error = entrant.error or f"no reference: {error}"
            return [entrant.row(task) for entrant in entrants]
        rows = contest(task, entrants, reference, self.plan, folder)
        for name in taking_part:
            rows += self._describe(name, crew)
        return rows + self._explain(task, rows, crew, folder)

    def _refuse_device(self, worker: WorkerProcess) -> str | None:
        """Why a worker is not timed, before it is asked for anything; None where it may be."""
        try:
            refuse_other_device(self.plan.device, worker.start()["device"])
        except WorkerError as error:
            return str(error)
        return None

    def _reference(self, task: Task, crew: Crew, folder: Path) -> dict[str, np.ndarray]:
        path = folder / "reference.npz"
        asked = {**vars(task), "folder": str(folder)}
        crew.reference().ask("reference", task=asked, outputs=str(path))
        with np.load(path) as arrays:
            return {name: arrays[name] for name in arrays.files}

    def _describe(self, name: str, crew: Crew) -> list[Row]:
        """A subject's own description, the first time that it took part."""
        known = {row["subject"] for row in of_kind(self.results.rows, "subject")}
        described = crew[name].description
        if name in known or not described:
            return []
        subject = self.subjects[name]
        facts = {"type": subject.kind, "precision": subject.precision}
        return [{"kind": "subject", "subject": name, **facts, **described}]

    def _explain(self, task: Task, rows: Sequence[Row], crew: Crew, folder: Path) -> list[Row]:
        """ONNX Runtime's time by operator, where a backend was faster."""
        name = next((n for n, s in self.subjects.items() if s.kind == ONNX), None)
        own = [r for r in rows if r.get("subject") == name and "rounds" in r]
        if not own or task.workload == TRAIN or task.model == PEAK:
            return []
        others = [r for r in rows if r["kind"] == "time" and self._is_backend(r["subject"])]
        winner = fastest([*own, *others])
        if winner is None or winner is own[0]:
            return []
        asked = {**vars(task), "folder": str(folder)}
        try:
            seconds = crew[str(name)].ask("profile", task=asked, calls=PROFILED_CALLS)
        except WorkerError as error:
            return [{"kind": "operators", **vars(task), "subject": name, "error": str(error)}]
        facts = {"subject": name, "fastest": winner["subject"], "seconds": seconds}
        return [{"kind": "operators", **vars(task), **facts}]

    def _is_backend(self, name: str) -> bool:
        return self.subjects[name].kind != ONNX

    def _pending(self, model: str, workloads: Sequence[str]) -> list[Task]:
        tasks = self.plan.tasks(model, workloads)
        return [
            task
            for task in tasks
            if task.key not in self.results.done
            and any(subject.takes(task) for subject in self.subjects.values())
        ]

    def _is_cold(self, model: str) -> bool:
        """Whether the cold starts of a model are still to be measured."""
        chosen = model in list(self.plan.models)[: self.plan.cold]
        return chosen and f"{model}/cold" not in self.results.done

    def _guess(self, model: str) -> list[str]:
        """The kinds of units that are left of a model, as far as one knows without making it."""
        known = [r for r in of_kind(self.results.rows, "model") if r["model"] == model]
        if known and "error" in known[0]:
            return []
        if known:
            workloads = known[0]["workloads"]
        elif model == PEAK:
            workloads = []
        else:
            workloads = [TRAIN, "encode", "decode", "reconstruct"]
        kinds = [task.workload for task in self._pending(model, workloads)]
        kinds += ["cold"] if self._is_cold(model) else []
        return ["model", *kinds] if kinds or not known else []

    @contextmanager
    def _unit(self, kind: str, doing: str) -> Iterator[None]:
        """Shows what is done, and learns how long it takes."""
        self.bar.show(self.estimate, doing)
        started = time.monotonic()
        yield
        self.estimate.finish(kind, time.monotonic() - started)
