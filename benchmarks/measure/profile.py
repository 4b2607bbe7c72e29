"""ONNX Runtime's time by operator, from its own profile."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any

BETWEEN = "(between operators)"
"""The name of the time outside operators."""


class Profiler:
    """Opens sessions that write a profile, in a temporary folder.

    Args:
        threads: Threads of one operator; ONNX Runtime's choice where None.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads
        self._folder = tempfile.TemporaryDirectory()
        self._sessions: list[Any] = []

    def __enter__(self) -> Profiler:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.cleanup()

    def open(self, graph: Path) -> Any:
        """Opens a graph on the processor with every optimization."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(self._folder.name) / f"{len(self._sessions)}")
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        if self.threads is not None:
            options.intra_op_num_threads = self.threads
        session = onnxruntime.InferenceSession(
            str(graph), sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._sessions.append(session)
        return session

    def operators(self) -> dict[str, float]:
        """Ends the profiles; operator → seconds per call, the most first."""
        total: dict[str, float] = defaultdict(float)
        for session in self._sessions:
            events = json.loads(Path(session.end_profiling()).read_text())
            for operator, seconds in by_operator(events).items():
                total[operator] += seconds
        return dict(sorted(total.items(), key=lambda entry: -entry[1]))


def by_operator(events: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Seconds per call of each operator: the sum over its nodes of each node's median."""
    nodes: dict[tuple[str, str], list[float]] = defaultdict(list)
    runs = []
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            nodes[event["name"], event["args"]["op_name"]].append(event["dur"])
        elif event.get("name") == "model_run":
            runs.append(event["dur"])
    total: dict[str, float] = defaultdict(float)
    for (_, operator), durations in nodes.items():
        total[operator] += median(durations) * 1e-6
    if runs:
        total[BETWEEN] = max(0.0, median(runs) * 1e-6 - sum(total.values()))
    return dict(total)
