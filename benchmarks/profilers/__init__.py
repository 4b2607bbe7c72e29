"""Time by operator of a training step, from each backend's own profiler, on the processor.

Each backend's module has `profile(step, calls)`, which calls a training step so many times under
the profiler and returns the time of its operators, and `UNTOLD`, what the profiler cannot tell.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, NamedTuple

from export.timing import time_round

BETWEEN = "(between operators)"
"""The name of the time outside operators."""


class Spent(NamedTuple):
    """Calls of an operator, and the seconds that they took."""

    calls: float
    seconds: float

    def __add__(self, other: tuple) -> "Spent":
        return Spent(self.calls + other[0], self.seconds + other[1])


class Event(NamedTuple):
    """An operator's call on one thread, in seconds."""

    operator: str
    start: float
    seconds: float


def own_times(threads: Iterable[Iterable[Event]]) -> dict[str, Spent]:
    """Time of each operator without that of the operators that it calls.

    Args:
        threads: The events of each thread, in any order; those of one thread nest.
    """
    total: dict[str, Spent] = {}

    def add(operator: str, calls: float, seconds: float) -> None:
        total[operator] = total.get(operator, Spent(0, 0.0)) + (calls, seconds)

    for events in threads:
        open_: list[Event] = []
        for event in sorted(events, key=lambda e: (e.start, -e.seconds)):
            while open_ and event.start >= open_[-1].start + open_[-1].seconds:
                open_.pop()
            if open_:
                add(open_[-1].operator, 0, -event.seconds)
            add(event.operator, 1, event.seconds)
            open_.append(event)
    return total


def profile_step(backend: str, step: Callable[[], Any], calls: int) -> dict[str, Any]:
    """The profile of a step that is compiled already, in JSON terms.

    Returns:
        `step` and `profiled`: the median seconds of a call without the profiler and the mean with
        it; `operators`: name → calls and seconds of one call of the step, the most seconds first,
        with the time between operators; `untold`: what the profiler cannot tell.
    """
    module = import_module(f"benchmarks.profilers.{backend}")
    alone = time_round(step, calls)
    total, seconds = module.profile(step, calls)
    found = {name: (s.calls / calls, s.seconds / calls) for name, s in total.items()}
    profiled = seconds / calls
    rest = profiled - sum(spent for _, spent in found.values())
    if rest > 0:
        found[BETWEEN] = (1.0, rest)
    ordered = dict(sorted(found.items(), key=lambda entry: -entry[1][1]))
    return {
        "step": alone.median,
        "profiled": profiled,
        "operators": ordered,
        "untold": module.UNTOLD,
    }
