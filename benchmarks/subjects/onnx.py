"""ONNX Runtime and OpenVINO: they read ONNX files, and import no backend."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.chain import Values, follow
from benchmarks.errors import BenchmarkError
from benchmarks.store import Store

Outputs = dict[str, np.ndarray]


class OnnxRuntime:
    """Runs the ONNX files that a route made, as `export.runtime` does.

    Args:
        route: Whose files.
        precision: Of the files.
        threads: Of one operator.
        device: `cpu` or `gpu`.
    """

    def __init__(
        self, route: str, *, precision: str = "float32", threads: int = 0, device: str = "cpu"
    ) -> None:
        self.route = route
        self.precision = precision
        self.threads = threads or None
        self.providers = ["cpu"] if device == "cpu" else ["cuda", "cpu"]

    def describe(self) -> dict[str, Any]:
        """ONNX Runtime's version, and the provider that is asked for."""
        import onnxruntime

        return {"versions": {"onnxruntime": onnxruntime.__version__}, "device": self.providers[0]}

    def open(self, task: dict[str, Any]) -> Callable[[], Outputs]:
        """Opens the sessions of the workload's parts."""
        from export.runtime.engine import open_session

        def open_part(graph: Path) -> Any:
            session = open_session(graph, providers=self.providers, threads=self.threads)
            self._refuse_fallback(session)
            return session

        return self._chain(task, self._sessions(task, open_part))

    def profile(self, *, task: dict[str, Any], calls: int) -> dict[str, float]:
        """Seconds per call by operator."""
        from benchmarks.profile import Profiler

        with Profiler(self.threads) as profiler:
            call = self._chain(task, self._sessions(task, profiler.open))
            for _ in range(calls):
                call()
            return profiler.operators()

    def _sessions(self, task: dict[str, Any], opened: Callable[[Path], Any]) -> dict[str, Any]:
        store = Store(task["folder"])
        sessions = {}
        for link in store.chain(task["workload"]):
            graph = store.graph(link.part, self.route, self.precision)
            if not graph.exists():
                raise BenchmarkError(f"The export left no file of the part {link.part!r}.")
            sessions[link.part] = opened(graph)
        return sessions

    def _chain(self, task: dict[str, Any], sessions: dict[str, Any]) -> Callable[[], Outputs]:
        from export.runtime.engine import run

        store = Store(task["folder"])
        accepted = {name: [i.name for i in s.get_inputs()] for name, s in sessions.items()}

        def call(name: str, feeds: Any, values: Values) -> Values:
            given = {n: values[feeds.get(n, n)] for n in accepted[name]}
            return run(sessions[name], given)

        chain = store.chain(task["workload"])
        return partial(follow(chain, call), store.inputs(task["workload"], task["batch"]))

    def _refuse_fallback(self, session: Any) -> None:
        """ONNX Runtime falls back to the processor without a word where a GPU cannot be used."""
        wanted = self.providers[0]
        used = session.get_providers()[0].removesuffix("ExecutionProvider").lower()
        if used != wanted:
            raise BenchmarkError(f"ONNX Runtime uses {used!r} where {wanted!r} was asked for.")


class OpenVINO:
    """Runs the direct route's files in OpenVINO.

    Args:
        threads: Of inference.
    """

    def __init__(self, *, threads: int = 0) -> None:
        self.core = import_module("openvino").Core()
        self.config = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        if threads:
            self.config["INFERENCE_NUM_THREADS"] = str(threads)

    def describe(self) -> dict[str, Any]:
        """OpenVINO's version."""
        return {"versions": {"openvino": version("openvino")}, "device": "cpu"}

    def open(self, task: dict[str, Any]) -> Callable[[], Outputs]:
        """Compiles the workload's parts for their batch size."""
        store = Store(task["folder"])
        chain = store.chain(task["workload"])
        compiled = {}
        for link in chain:
            network = self.core.read_model(str(store.graph(link.part, "direct")))
            shapes = {i.any_name: [task["batch"], *i.partial_shape[1:]] for i in network.inputs}
            network.reshape(shapes)
            compiled[link.part] = self.core.compile_model(network, "CPU", self.config)

        def call(name: str, feeds: Any, values: Values) -> Values:
            network = compiled[name]
            given = {i.any_name: values[feeds.get(i.any_name, i.any_name)] for i in network.inputs}
            results = network(given)
            return {output.any_name: results[output] for output in network.outputs}

        return partial(follow(chain, call), store.inputs(task["workload"], task["batch"]))
