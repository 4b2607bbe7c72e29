"""Signals that end a run: its workers end with it, and its folder is removed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Ctrl-C needs no help, and a platform may lack the second.
NAMES = ("SIGTERM", "SIGHUP")


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP raise `KeyboardInterrupt`, the first time; later ones are ignored.

    A signal that is ignored already, as under `nohup`, stays so. Outside the main thread, where
    signals cannot be handled, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    found = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    numbers = [number for number in found if signal.getsignal(number) is not signal.SIG_IGN]

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)  # What is being cleaned up is cleaned up.
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
