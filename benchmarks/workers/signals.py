"""Signals that end a run, so that its workers end and its folder is removed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Ctrl-C raises by itself; Windows has no SIGHUP.
NAMES = ("SIGTERM", "SIGHUP")


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Makes the first SIGTERM or SIGHUP raise `KeyboardInterrupt`; later ones are ignored.

    A signal that is ignored already, as under `nohup`, stays ignored. Outside the main thread,
    where signals cannot be handled, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    found = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    numbers = [number for number in found if signal.getsignal(number) is not signal.SIG_IGN]

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)  # Cleaning up is not interrupted.
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
