"""The worker process: opens tasks for one subject, checks in outputs, and times rounds when asked.

`python -m benchmarks.workers.worker` reads one JSON object a line from standard input and answers
each with one line: `{"result": …}`, or `{"error": "…"}` where the subject raised. The first names
the subject: `{"target": "module:class", "options": {…}, "cores": […]}`. It ends with its input,
and so with its parent, whatever it is doing.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.measure.timing import calls_per_round, time_round
from export.errors import ExportError

Outputs = Mapping[str, np.ndarray]

# What backends and converters raise from their own code. Anything else ends the process, whose last
# words then are the error.
FAILURES = (
    BenchmarkError,
    ExportError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


class Runner(Protocol):
    """One way to compute; what a subject's target makes, in the worker's process."""

    def describe(self) -> dict[str, Any]:
        """The versions and the device, once they are imported."""
        ...

    def open(self, task: dict[str, Any]) -> Callable[[], Outputs]:
        """Loads what a task needs; what it returns computes it once, from NumPy to NumPy."""
        ...


class Worker:
    """Carries out the parent's commands on one runner."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.call: Callable[[], Outputs] = dict

    def open(self, *, task: dict[str, Any], outputs: str | None = None) -> dict[str, float]:
        """Loads a task, computes it for the first time, and saves the outputs for the parent."""
        self.call = dict  # lets go of the last task
        started = time.perf_counter()
        self.call = self.runner.open(task)
        loaded = time.perf_counter()
        first = self.call()
        answered = time.perf_counter()
        if outputs is not None:
            np.savez(outputs, **dict[str, Any](first))
        return {"load": loaded - started, "first": answered - loaded}

    def warm(self, *, seconds: float) -> int:
        """Warms up; says how many calls fill a round."""
        return calls_per_round(self.call, seconds)

    def round(self, *, calls: int) -> dict[str, float]:
        """Times one round."""
        timed = time_round(self.call, calls)
        return {"median": timed.median, "best": timed.best}

    def memory(self) -> int:
        """The most memory that the process has held, in bytes."""
        return peak_memory()

    def ask(self, *, method: str, arguments: dict[str, Any]) -> Any:
        """Calls a method that only some runners have."""
        return getattr(self.runner, method)(**arguments)


def peak_memory() -> int:
    """The peak of this process's resident memory, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would count what the parent held when it started this process.
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage if sys.platform == "darwin" else usage * 1024


def start(order: dict[str, Any]) -> tuple[Worker, dict[str, Any]]:
    """Makes the runner that an order names; everything heavy is imported here."""
    if order.get("cores") and hasattr(os, "sched_setaffinity"):
        # Thread pools size themselves by the cores they may use, whatever else they read.
        os.sched_setaffinity(0, order["cores"])
    started = time.perf_counter()
    module, _, name = order["target"].partition(":")
    runner: Runner = getattr(import_module(module), name)(**order["options"])
    return Worker(runner), runner.describe() | {"import": time.perf_counter() - started}


def serve(commands: Iterable[str], answers: TextIO) -> None:
    """Answers commands until there are no more."""
    worker: Worker | None = None
    for line in commands:
        command = json.loads(line)
        try:
            if worker is None:
                worker, result = start(command)
            else:
                result = getattr(worker, command["do"])(**command.get("arguments", {}))
            answer: dict[str, Any] = {"result": result}
        except FAILURES as error:
            message = (str(error).strip() or "no message").splitlines()[0]
            answer = {"error": f"{type(error).__name__}: {message}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def lines(stream: TextIO) -> Iterator[str]:
    """Yields lines as they come, and ends the process, even amid a command, when there are no more.

    Who reads the answers holds the other end of the stream; once it is closed, nobody waits.
    """
    found: queue.SimpleQueue[str] = queue.SimpleQueue()

    def forward() -> None:
        for line in stream:
            found.put(line)
        os._exit(0)

    threading.Thread(target=forward, daemon=True).start()
    while True:
        yield found.get()


def main() -> None:
    """Serves on this process's own streams."""
    # Libraries print as they please; what they print goes to the log, not among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(lines(sys.stdin), answers)


if __name__ == "__main__":
    main()
