"""The parent's side of a worker process: commands out, answers back, and a limit to patience."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from benchmarks.errors import WorkerError

START = 300.0
ANSWER = 300.0
"""Seconds after which a worker is given up; compiling may take minutes on a small machine."""


class WorkerProcess:
    """One subject's process, started on first use and again after it died."""

    def __init__(
        self,
        target: str,
        options: Mapping[str, Any],
        environment: Mapping[str, str],
        log: Path,
        *,
        cores: Sequence[int] = (),
        start_limit: float = START,
        answer_limit: float = ANSWER,
    ) -> None:
        self.order = {"target": target, "options": dict(options), "cores": list(cores)}
        self.environment = dict(environment)
        self.log = log
        self.limits = {"start": start_limit, "answer": answer_limit}
        self.description: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()

    def start(self) -> dict[str, Any]:
        """Starts the process unless it runs; what the runner says about itself.

        `"start"` in it is the seconds from nothing to a runner with everything imported.
        """
        if self._process is not None:
            return self.description
        began = time.perf_counter()
        with open(self.log, "w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.workers.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self.environment,
                text=True,
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )
        self._answers = queue.Queue()
        reading = (self._process.stdout, self._answers)
        threading.Thread(target=_forward, args=reading, daemon=True).start()
        try:
            self.description = self._exchange(self.order, self.limits["start"])
        except WorkerError:
            self.stop()
            raise
        self.description["start"] = time.perf_counter() - began
        return self.description

    def do(self, command: str, **arguments: Any) -> Any:
        """Gives a command and waits for its result.

        Raises:
            WorkerError: The subject raised, died, or gave no answer in time.
        """
        self.start()
        return self._exchange({"do": command, "arguments": arguments}, self.limits["answer"])

    def ask(self, method: str, **arguments: Any) -> Any:
        """Calls a method that the runner has beyond those of all runners."""
        return self.do("ask", method=method, arguments=arguments)

    def stop(self) -> None:
        """Ends the process, at once."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.wait()
        if process.stdin is not None:
            with suppress(BrokenPipeError):  # a command that the dead process never read
                process.stdin.close()

    def _exchange(self, command: dict[str, Any], limit: float) -> Any:
        process = self._process
        if process is None or process.stdin is None:
            raise WorkerError("the worker is not running")
        try:
            process.stdin.write(json.dumps(command) + "\n")
            process.stdin.flush()
            line = self._answers.get(timeout=limit)
        except BrokenPipeError:
            line = None
        except queue.Empty:
            self.stop()
            raise WorkerError(f"gave no answer in {limit:.0f} s") from None
        if line is None:
            raise WorkerError(self._last_words(process))
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer["result"]

    def _last_words(self, process: subprocess.Popen) -> str:
        """Why the process died, as far as it said."""
        code = process.wait()
        self.stop()
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines()]
        said = next((line for line in reversed(lines) if line), "without a word")
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"died ({how}): {said}"


def rows_of(module: str, backend: str, arguments: Sequence[str]) -> list[dict[str, Any]]:
    """Runs a module in a process of its own with Keras on a backend; the JSON lines it prints."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "OMP_WAIT_POLICY": "PASSIVE",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _forward(stream: IO[str], answers: queue.Queue[str | None]) -> None:
    """Moves lines into the queue, so that reading them can have a time limit; None at the end."""
    with stream:
        for line in stream:
            answers.put(line)
    answers.put(None)
