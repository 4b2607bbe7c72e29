"""The worker processes of a run: one for each subject, and those that prepare and export models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType

from benchmarks.errors import BenchmarkError
from benchmarks.options import RunOptions
from benchmarks.subjects import PREDICT, Subject, environment, on_backend
from benchmarks.workers.client import WorkerProcess
from export.machine import cores
from export.routes import ROUTES

# Backends that may prepare models and compute the reference outputs, eager ones first.
REFERENCES = ("torch", "jax", "tensorflow")


class WorkerPool:
    """Starts processes when they are first used, and ends them all.

    Args:
        options: The subjects, their threads and their device.
        folder: The folder of their logs.
    """

    def __init__(self, options: RunOptions, folder: Path) -> None:
        self.subjects: Sequence[Subject] = options.subjects
        self.threads = options.threads
        self.device = options.device
        self.folder = folder
        self._workers = {s.name: self.new_worker(s, s.name) for s in options.subjects}
        self._beside: dict[str, WorkerProcess] = {}

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in [*self._workers.values(), *self._beside.values()]:
            worker.stop()

    def __getitem__(self, subject: Subject) -> WorkerProcess:
        return self._workers[subject.name]

    def keep(self, subjects: Sequence[Subject]) -> None:
        """Ends and forgets the processes of all other subjects."""
        kept = {subject.name for subject in subjects}
        for name in [name for name in self._workers if name not in kept]:
            self._workers.pop(name).stop()
        self.subjects = list(subjects)

    def new_worker(self, subject: Subject, log: str) -> WorkerProcess:
        """A further process for a subject; it is not started yet, and the caller ends it."""
        options = dict(subject.options)
        if subject.takes_threads:
            options["threads"] = self.threads
        if subject.takes_device:
            options["device"] = self.device
        return WorkerProcess(
            subject.target,
            options,
            environment(subject, threads=self.threads, device=self.device),
            self.folder / f"{log}.log",
            cores=cores()[: self.threads],
        )

    @cached_property
    def reference(self) -> WorkerProcess:
        """The process that prepares models and computes the reference outputs.

        Raises:
            BenchmarkError: No backend is installed.
        """
        used = {subject.backend for subject in self.subjects}
        for backend in sorted(REFERENCES, key=lambda name: name not in used):
            if backend in used or on_backend(backend).unavailable() is None:
                return self._on_backend(backend)
        raise BenchmarkError("Models are made in Keras, and no backend of it is installed.")

    def exporters(self) -> dict[tuple[str, str], WorkerProcess]:
        """Route and precision that subjects read → the process that exports them."""
        found = {}
        for subject in self.subjects:
            if subject.route is not None:
                backend = ROUTES[subject.route][0]
                exporter = self.reference if backend is None else self._on_backend(backend)
                found[subject.route, subject.precision] = exporter
        return found

    def _on_backend(self, backend: str) -> WorkerProcess:
        """A process with Keras on a backend: a subject's, or one beside them."""
        own = [subject for subject in self.subjects if subject.backend == backend]
        for subject in _predict_first(own):
            return self[subject]
        if backend not in self._beside:
            self._beside[backend] = self.new_worker(on_backend(backend), f"keras-{backend}")
        return self._beside[backend]


def _predict_first(subjects: Iterable[Subject]) -> list[Subject]:
    """Subjects that call `predict` first: they compile the least."""
    return sorted(subjects, key=lambda subject: subject.kind != PREDICT)
