"""Errors on the command line: one line on stderr and an exit code."""

from __future__ import annotations

import os
import re
import signal
import sys
import traceback
from dataclasses import dataclass

from zoo.cli import packages, terminal
from zoo.errors import ZooError

FAILED, INTERRUPTED = 1, 130
OUT_OF_MEMORY = re.compile(
    r"out of memory|not enough memory|RESOURCE_EXHAUSTED|can't allocate memory|failed to allocate|"
    r"OOM when allocating",
    re.IGNORECASE,
)
"""The messages of the backends, each in an exception of its own."""


class UsageError(ZooError):
    """A command that was not written as it should be."""

    exit_code = 2


class Interrupted(KeyboardInterrupt):
    """An interrupted command; the message says how to go on.

    Attributes:
        exit_code: 128 and the signal's number: 130 for SIGINT, 143 for SIGTERM.
    """

    def __init__(self, message: str, number: int = signal.SIGINT) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


@dataclass(frozen=True)
class Failure:
    """The message of an error, and the exit code."""

    error: BaseException
    message: str
    code: int

    def report(self, *, debug: bool) -> int:
        """Prints the message on stderr, after the traceback where asked; returns the code."""
        if debug:
            traceback.print_exception(self.error)
        if self.message:
            terminal.note(" ".join(self.message.split()))
        return self.code


def explain(error: BaseException) -> Failure | None:
    """The message and code of an error; None for an unexpected one, which keeps its traceback."""
    if isinstance(error, KeyboardInterrupt):
        code = getattr(error, "exit_code", INTERRUPTED)
        return Failure(error, str(error) or "interrupted", code)
    if isinstance(error, BrokenPipeError):
        # The reader closed the pipe, as head does; avoids a second BrokenPipeError at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Failure(error, "", FAILED)
    if isinstance(error, ZooError):
        return Failure(error, f"error: {error}", error.exit_code)
    if isinstance(error, ModuleNotFoundError) and error.name in packages.EXTRAS:
        command = packages.install_command(error.name)
        message = f"error: {error.name} is not installed. Install it with: {command}"
        return Failure(error, message, FAILED)
    if isinstance(error, ImportError):
        return Failure(error, f"error: A package cannot be imported: {error}", FAILED)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Failure(error, f"error: {where}{error.strerror or error}", FAILED)
    if isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error)):
        first = str(error).strip().partition("\n")[0]
        return Failure(error, f"error: Out of memory. {first[:200]}", FAILED)
    return None
