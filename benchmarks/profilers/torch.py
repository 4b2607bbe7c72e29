"""PyTorch: `torch.profiler` over the step, recorded as a graph of ATen's operators or eager."""

import time
from collections.abc import Callable
from typing import Any

from torch.profiler import ProfilerActivity
from torch.profiler import profile as record

from benchmarks.profilers import Spent

UNTOLD = (
    "ATen's operators, without those that they call. Kernels that torch.compile generates are no "
    "operators: their time is among that between operators."
)


def profile(step: Callable[[], Any], calls: int) -> tuple[dict[str, Spent], float]:
    """Operator → its own time, and the seconds of all calls."""
    # The first use of the profiler in a process loads its library, within the first call.
    with record(activities=[ProfilerActivity.CPU]):
        step()
    with record(activities=[ProfilerActivity.CPU], acc_events=True) as found:
        started = time.perf_counter()
        for _ in range(calls):
            step()
        seconds = time.perf_counter() - started
    return {
        event.key: Spent(event.count, event.self_cpu_time_total * 1e-6)
        for event in found.key_averages()
    }, seconds
