"""The log of a run: one JSON line an epoch, or every so many steps."""

import json
import math
import time
from pathlib import Path
from typing import Any

from zoo.errors import TargetError
from zoo.files import write_atomically


class RunLog:
    """Appends lines of epoch, step, seconds since the last line, and every log.

    Args:
        path: The file, made with the first line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.restart_clock()

    def restart_clock(self) -> None:
        """Counts seconds from now."""
        self._started = time.monotonic()

    def append(self, epoch: int, step: int, logs: dict[str, Any]) -> None:
        """Appends a line.

        Raises:
            TargetError: The file cannot be written to.
        """
        seconds = round(time.monotonic() - self._started, 3)
        line = {"epoch": epoch + 1, "step": step, "seconds": seconds} | logs
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise TargetError(f"Cannot write {self.path}: {error.strerror or error}.") from error
        self.restart_clock()

    def drop_after(self, step: int) -> None:
        """Removes the lines that a resumed run will write again, and what is no line of a log.

        A killed run may leave a torn last line.

        Raises:
            TargetError: The file cannot be read or written.
        """
        if not self.path.exists():
            return
        try:
            lines = self.path.read_text(errors="replace").splitlines()
        except OSError as error:
            raise TargetError(f"Cannot read {self.path}: {error.strerror or error}.") from error
        kept = [line for line in lines if _step_of(line) <= step]
        write_atomically(self.path, "".join(line + "\n" for line in kept))


def _step_of(line: str) -> float:
    """The step of a line; infinite for what is no line of a log."""
    try:
        step = json.loads(line)["step"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return math.inf
    return step if isinstance(step, int) else math.inf
