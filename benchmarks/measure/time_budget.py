"""The time of a run, spread over what is still to be measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf


class TimeBudget:
    """Counts from its making; without a number of minutes it never ends.

    Args:
        minutes: The time of the run.
        clock: Seconds, from any origin.
    """

    def __init__(
        self, minutes: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limited = minutes is not None
        self._clock = clock
        self._end = inf if minutes is None else clock() + 60 * minutes

    @property
    def left(self) -> float:
        """Seconds left, 0 when the time is over."""
        return max(0.0, self._end - self._clock())

    def share(self, count: int) -> float:
        """Seconds for each of so many tasks."""
        return self.left / max(1, count)
