"""JAX: XLA's own times of the instructions of the compiled step."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax

from benchmarks.profilers import Event, Spent, hlo, own_times

UNTOLD = (
    "XLA's instructions. The parts of a fusion are computed together and are not told apart: it is "
    "named by the heavy ones. Instructions run at the same time on several threads, and their "
    "times may add up to more than the step."
)
Call = tuple[tuple[str, int], str, float, float]
"""Module and program, instruction, start and duration in seconds."""


def profile(step: Callable[[], Any], calls: int) -> tuple[dict[str, Spent], float]:
    """Operator → its own time, and the seconds of all calls."""
    with TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            started = time.perf_counter()
            for _ in range(calls):
                step()
            seconds = time.perf_counter() - started
        (path,) = Path(folder).rglob("*.xplane.pb")
        threads = list(_threads(jax.profiler.ProfileData.from_file(str(path))))
    names = _names(threads)
    return own_times(
        [Event(names[program].get(name, name), *when) for program, name, *when in thread]
        for thread in threads
    ), seconds


def _threads(data: Any) -> Iterator[list[Call]]:
    """The instructions that each thread ran."""
    for plane in data.planes:
        for line in plane.lines:
            thread = []
            for event in line.events:
                facts = dict(event.stats)
                if "hlo_op" in facts:
                    program = (facts["hlo_module"], int(facts.get("program_id", 0)))
                    when = (event.start_ns * 1e-9, event.duration_ns * 1e-9)
                    thread.append((program, facts["hlo_op"], *when))
            yield thread


def _names(threads: list[list[Call]]) -> Mapping[tuple[str, int], Mapping[str, str]]:
    """Program → instruction → operator."""
    ran: dict[tuple[str, int], set[str]] = defaultdict(set)
    for thread in threads:
        for program, instruction, *_ in thread:
            ran[program].add(instruction)
    modules: dict[str, list[dict[str, str]]] = defaultdict(list)
    for executable in jax.devices()[0].client.live_executables():
        for module in executable.hlo_modules():
            if any(module.name == name for name, _ in ran):
                modules[module.name].append(hlo.operators(module.to_string()))
    return {
        program: hlo.best_match(frozenset(found), modules[program[0]])
        for program, found in ran.items()
    }
