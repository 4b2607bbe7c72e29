"""Ctrl-C during training: the step under way is finished and a checkpoint written."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from zoo.model import GenerativeModel


class Stopped(KeyboardInterrupt):
    """Training that a signal ended, after a whole step and a checkpoint.

    Attributes:
        number: The signal's.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


@contextmanager
def orderly_stop(model: GenerativeModel, *, enabled: bool) -> Iterator[list[int]]:
    """Turns the first SIGINT or SIGTERM into `stop_training`; a second one interrupts at once.

    Yields the signals received so far. Outside the main thread, where signals cannot be handled,
    it changes nothing.
    """
    received: list[int] = []
    if not enabled or threading.current_thread() is not threading.main_thread():
        yield received
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)
        model.stop_training = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
