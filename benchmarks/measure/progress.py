"""A progress bar; the time left is estimated from the units that are done."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TextIO

WIDTH = 24


class Estimate:
    """Seconds left, from the mean duration of done units of the same kind.

    A kind of which no unit is done is taken to last as long as the mean of the others.
    """

    def __init__(self, pending: Sequence[str]) -> None:
        self.pending = list(pending)
        self._taken: dict[str, list[float]] = {}

    def finish(self, kind: str, seconds: float) -> None:
        """Records the duration of a done unit."""
        self.pending.remove(kind)
        self._taken.setdefault(kind, []).append(seconds)

    def drop(self, kinds: Sequence[str]) -> None:
        """Removes units that will not be done."""
        for kind in kinds:
            self.pending.remove(kind)

    @property
    def left(self) -> float | None:
        """Seconds left; None before the first unit is done."""
        if not self._taken:
            return None
        means = {kind: sum(taken) / len(taken) for kind, taken in self._taken.items()}
        usual = sum(means.values()) / len(means)
        return sum(means.get(kind, usual) for kind in self.pending)

    @property
    def share(self) -> float:
        """The share of units that are done."""
        done = sum(len(taken) for taken in self._taken.values())
        return done / max(1, done + len(self.pending))


class ProgressBar:
    """One line that is rewritten on a terminal; elsewhere a line every half minute."""

    def __init__(
        self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.stream = stream or sys.stderr
        self.clock = clock
        self.rewrites = self.stream.isatty()
        self._last = float("-inf")

    def show(self, estimate: Estimate, doing: str) -> None:
        """Shows the share of units done, the time left and the current unit."""
        if not self.rewrites and self.clock() - self._last < 30:
            return
        self._last = self.clock()
        full = round(WIDTH * estimate.share)
        bar = "█" * full + "░" * (WIDTH - full)
        line = f"{bar} {estimate.share:4.0%}  {duration(estimate.left)}  {doing}"
        self.stream.write(f"\r\033[K{line[:110]}" if self.rewrites else f"{line}\n")
        self.stream.flush()

    def close(self) -> None:
        """Clears the line."""
        if self.rewrites:
            self.stream.write("\r\033[K")
            self.stream.flush()


def duration(seconds: float | None) -> str:
    """Seconds as text: `about 12 min left`."""
    if seconds is None:
        return "time left unknown"
    if seconds < 90:
        return f"about {max(1, round(seconds))} s left"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min left"
    return f"about {seconds / 3600:.1f} h left"
