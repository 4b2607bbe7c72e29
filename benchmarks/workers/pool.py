"""The worker processes of a run: one for each subject, and who prepares for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.records.environment import cores
from benchmarks.subjects import PREDICT, Subject, environment, on_backend
from benchmarks.workers.client import WorkerProcess
from export.routes import ROUTES

# Whose Keras prepares models and works out what is right: the one that needs not compile first.
REFERENCES = ("torch", "jax", "tensorflow")


class Crew:
    """Starts processes when they are first needed, and ends them all.

    Args:
        subjects: Name → subject.
        folder: Where their logs go.
        threads: Of each process.
        device: `cpu` or `gpu`.
    """

    def __init__(
        self, subjects: Mapping[str, Subject], folder: Path, *, threads: int, device: str
    ) -> None:
        self.subjects = subjects
        self.folder = folder
        self.threads = threads
        self.device = device
        self._workers = {name: self.hire(subject, name) for name, subject in subjects.items()}
        self._hosts: dict[str, WorkerProcess] = {}

    def __getitem__(self, name: str) -> WorkerProcess:
        return self._workers[name]

    def hire(self, subject: Subject, log: str) -> WorkerProcess:
        """A process of its own for a subject; it is not started yet."""
        options = dict(subject.options)
        if subject.tunable:
            options["threads"] = self.threads
        if subject.placed:
            options["device"] = self.device
        return WorkerProcess(
            subject.target,
            options,
            environment(subject, threads=self.threads, device=self.device),
            self.folder / f"{log}.log",
            cores=cores()[: self.threads],
        )

    def host(self, backend: str) -> WorkerProcess:
        """A process in which Keras runs on a backend: a subject's, or one beside them."""
        for kind in (PREDICT, None):
            for name, subject in self.subjects.items():
                if subject.backend == backend and kind in (None, subject.kind):
                    return self._workers[name]
        if backend not in self._hosts:
            self._hosts[backend] = self.hire(on_backend(backend), f"host-{backend}")
        return self._hosts[backend]

    def reference(self) -> WorkerProcess:
        """The process that prepares models.

        Raises:
            BenchmarkError: No backend is installed.
        """
        used = {subject.backend for subject in self.subjects.values()}
        for backend in REFERENCES:
            if backend in used:
                return self.host(backend)
        for backend in REFERENCES:
            if on_backend(backend).installed():
                return self.host(backend)
        raise BenchmarkError("Models are made in Keras, and no backend of it is installed.")

    def exporters(self) -> dict[tuple[str, str], WorkerProcess]:
        """Route and precision that subjects read → the process that exports so."""
        found = {}
        for subject in self.subjects.values():
            if subject.route is not None:
                backend = ROUTES[subject.route][0]
                exporter = self.reference() if backend is None else self.host(backend)
                found[subject.route, subject.precision] = exporter
        return found

    def dismiss(self) -> None:
        """Ends every process."""
        for worker in [*self._workers.values(), *self._hosts.values()]:
            worker.stop()
