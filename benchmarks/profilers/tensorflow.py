"""TensorFlow: `tf.profiler.experimental` over the graph of the step."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from benchmarks.profilers import Event, Spent, own_times

UNTOLD = (
    "The graph's operators, without those that they call. On several threads operators run at the "
    "same time, and their times add up to more than the step. The primitives within an operator, "
    "such as oneDNN's, are not told apart."
)
HOST = "/host:CPU"


def profile(step: Callable[[], Any], calls: int) -> tuple[dict[str, Spent], float]:
    """Operator → its own time, and the seconds of all calls."""
    with TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        try:
            started = time.perf_counter()
            for _ in range(calls):
                step()
            seconds = time.perf_counter() - started
        finally:
            tf.profiler.experimental.stop()
        (path,) = Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(path.read_bytes())
    return own_times(_threads(space)), seconds


def _threads(space: Any) -> Iterator[list[Event]]:
    """The events of each thread that runs operators: those whose type is their display name."""
    for plane in space.planes:
        if plane.name != HOST:
            continue
        types = {key: data.display_name for key, data in plane.event_metadata.items()}
        for line in plane.lines:
            yield [
                Event(types[e.metadata_id], e.offset_ps * 1e-12, e.duration_ps * 1e-12)
                for e in line.events
                if types[e.metadata_id]
            ]
