"""The client side of a worker process: requests, replies, time limits."""

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

START_LIMIT = 300.0
REPLY_LIMIT = 300.0
"""Seconds after which a request times out; compiling may take minutes on a small machine."""


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
        start_limit: float = START_LIMIT,
        reply_limit: float = REPLY_LIMIT,
    ) -> None:
        self.first_request = {"target": target, "options": dict(options), "cores": list(cores)}
        self.environment = dict(environment)
        self.log = log
        self.limits = {"start": start_limit, "reply": reply_limit}
        self.description: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None
        self._replies: queue.Queue[str | None] = queue.Queue()

    def start(self) -> dict[str, Any]:
        """Starts the process unless it runs, and returns the runner's description.

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
        self._replies = queue.Queue()
        reading = (self._process.stdout, self._replies)
        threading.Thread(target=_forward, args=reading, daemon=True).start()
        try:
            self.description = self._exchange(self.first_request, self.limits["start"])
        except WorkerError:
            self.stop()
            raise
        self.description["start"] = time.perf_counter() - began
        return self.description

    def request(self, command: str, **arguments: Any) -> Any:
        """Sends a command and returns its result.

        Raises:
            WorkerError: The subject raised or died, or the request timed out.
        """
        self.start()
        request = {"command": command, "arguments": arguments}
        return self._exchange(request, self.limits["reply"])

    def call(self, method: str, **arguments: Any) -> Any:
        """Calls a method that not every runner has.

        Raises:
            WorkerError: The runner raised or died, or the request timed out.
        """
        return self.request("call", method=method, arguments=arguments)

    def stop(self) -> None:
        """Kills the process."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.wait()
        if process.stdin is not None:
            with suppress(BrokenPipeError):  # a request that the dead process never read
                process.stdin.close()

    def _exchange(self, request: dict[str, Any], limit: float) -> Any:
        process = self._process
        if process is None or process.stdin is None:
            raise WorkerError("the worker is not running")
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = self._replies.get(timeout=limit)
        except BrokenPipeError:
            line = None
        except queue.Empty:
            self.stop()
            raise WorkerError(f"timed out after {limit:.0f} s") from None
        if line is None:
            raise WorkerError(self._exit_reason(process))
        reply = json.loads(line)
        if "error" in reply:
            raise WorkerError(reply["error"])
        return reply["result"]

    def _exit_reason(self, process: subprocess.Popen) -> str:
        """The exit code or signal of the dead process, and the last line that it printed."""
        code = process.wait()
        self.stop()
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines()]
        last = next((line for line in reversed(lines) if line), "no output")
        status = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"died ({status}): {last}"


def rows_of(module: str, backend: str, arguments: Sequence[str]) -> list[dict[str, Any]]:
    """The JSON lines that a module prints in a process of its own with Keras on a backend."""
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


def _forward(stream: IO[str], replies: queue.Queue[str | None]) -> None:
    """Moves lines into a queue, where reading can time out; None at the end."""
    with stream:
        for line in stream:
            replies.put(line)
    replies.put(None)
