"""The worker process: opens tasks for one subject, saves their outputs, and times rounds.

`python -m benchmarks.workers.worker` reads one JSON object a line from standard input and replies
to each with one line: `{"result": …}`, or `{"error": "…"}` where the subject raised. The first
request names the subject: `{"target": "module:class", "options": {…}, "cores": […]}`. The process
ends as soon as its input does, and so with its parent.
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
from export.errors import ExportError
from export.timing import calls_per_round, time_round

Outputs = Mapping[str, np.ndarray]

# Errors that backends and converters raise. Any other ends the process; its last line of output is
# then the error that the client reports.
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
    """One way to compute: an instance of a subject's target, in the worker's process."""

    def describe(self) -> dict[str, Any]:
        """The versions of the imported packages, and the device."""
        ...

    def open(self, task: dict[str, Any]) -> Callable[[], Outputs]:
        """Loads a task and returns a function that computes it once, from NumPy to NumPy."""
        ...


class Worker:
    """Runs the parent's commands on one runner."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.function: Callable[[], Outputs] = dict

    def open(self, *, task: dict[str, Any], outputs: str | None = None) -> dict[str, float]:
        """Loads a task, computes it for the first time, and saves the outputs for the parent."""
        self.function = dict  # frees the last task
        started = time.perf_counter()
        self.function = self.runner.open(task)
        loaded = time.perf_counter()
        first = self.function()
        replied = time.perf_counter()
        if outputs is not None:
            np.savez(outputs, **dict[str, Any](first))
        return {"load": loaded - started, "first": replied - loaded}

    def warm(self, *, seconds: float) -> int:
        """Warms up, and returns the number of calls that fill a round."""
        return calls_per_round(self.function, seconds)

    def round(self, *, calls: int) -> dict[str, float]:
        """Times one round."""
        timed = time_round(self.function, calls)
        return {"median": timed.median, "best": timed.best}

    def memory(self) -> int:
        """The peak of the process's resident memory, in bytes."""
        return peak_memory()

    def call(self, *, method: str, arguments: dict[str, Any]) -> Any:
        """Calls a method that not every runner has."""
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


def start(request: dict[str, Any]) -> tuple[Worker, dict[str, Any]]:
    """Makes the runner that a request names; imports the backend."""
    if request.get("cores") and hasattr(os, "sched_setaffinity"):
        # Thread pools size themselves by the cores they may use, whatever else they read.
        os.sched_setaffinity(0, request["cores"])
    started = time.perf_counter()
    module, _, name = request["target"].partition(":")
    runner: Runner = getattr(import_module(module), name)(**request["options"])
    return Worker(runner), runner.describe() | {"import": time.perf_counter() - started}


def serve(requests: Iterable[str], replies: TextIO) -> None:
    """Replies to requests until there are no more."""
    worker: Worker | None = None
    for line in requests:
        request = json.loads(line)
        try:
            if worker is None:
                worker, result = start(request)
            else:
                result = getattr(worker, request["command"])(**request.get("arguments", {}))
            reply: dict[str, Any] = {"result": result}
        except FAILURES as error:
            message = (str(error).strip() or "no message").splitlines()[0]
            reply = {"error": f"{type(error).__name__}: {message}"}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def lines(stream: TextIO) -> Iterator[str]:
    """Yields lines as they come; at the end of the stream ends the process, even amid a request.

    The parent holds the other end of the stream; once it is closed, no reply is awaited.
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
    """Serves on the standard streams."""
    # Output of libraries goes to the log, not among the replies.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(lines(sys.stdin), replies)


if __name__ == "__main__":
    main()
