"""ONNX Runtime and OpenVINO on ONNX files; no backend is imported."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.workload.workdir import Workdir
from zoo.uses import run as run_use

Outputs = dict[str, np.ndarray]


class OnnxRuntime:
    """Runs a route's ONNX files, as `export.runtime` does.

    Args:
        route: The route.
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
        """ONNX Runtime's version, and the first provider of those requested that it uses."""
        import onnxruntime

        if self.providers != ["cpu"]:
            onnxruntime.preload_dlls()  # those of NVIDIA's Python packages, which PyTorch brings
        device = "cpu" if self.providers == ["cpu"] else self._probe()
        return {"versions": {"onnxruntime": onnxruntime.__version__}, "device": device}

    def open(self, task: dict[str, Any]) -> Callable[[], Outputs]:
        """Opens the sessions of the workload's parts."""
        from export.runtime.engine import open_graph

        def open_part(graph: Path) -> Any:
            content = graph.read_bytes()
            session = open_graph(content, providers=self.providers, threads=self.threads)
            self._check_provider(session)
            return session

        return _call(task, self._graphs(task, open_part))

    def profile(self, *, task: dict[str, Any], calls: int) -> dict[str, float]:
        """Seconds per call by operator."""
        from benchmarks.measure.profile import Profiler

        with Profiler(self.threads) as profiler:
            call = _call(task, self._graphs(task, profiler.open))
            for _ in range(calls):
                call()
            return profiler.operators()

    def _graphs(self, task: dict[str, Any], opened: Callable[[Path], Any]) -> dict[str, Any]:
        return _graphs(task, self.route, self.precision, opened)

    def _probe(self) -> str:
        """The provider of a session; the CPU's where no GPU can be used."""
        from onnxruntime.datasets import get_example

        from export.runtime.engine import open_session

        return provider_of(
            open_session(Path(get_example("sigmoid.onnx")), providers=self.providers)
        )

    def _check_provider(self, session: Any) -> None:
        """Raises where ONNX Runtime silently fell back to the processor."""
        requested, used = self.providers[0], provider_of(session)
        if used != requested:
            raise BenchmarkError(f"ONNX Runtime must use {requested!r}. Received: {used!r}")


class OpenVINO:
    """Runs the direct route's files in OpenVINO, compiled for the batch, as `export.runtime` does.

    Args:
        precision: Of the files, and of inference.
        threads: Of inference.
    """

    def __init__(self, *, precision: str = "float32", threads: int = 0) -> None:
        self.precision = precision
        self.threads = threads or None

    def describe(self) -> dict[str, Any]:
        """OpenVINO's version."""
        return {"versions": {"openvino": version("openvino")}, "device": "cpu"}

    def open(self, task: dict[str, Any]) -> Callable[[], Outputs]:
        """Reads the workload's parts; the first call compiles them."""
        from export.runtime.openvino import Network

        opened = partial(Network, threads=self.threads, inference_precision=self.precision)
        return _call(task, _graphs(task, "direct", self.precision, opened))


def provider_of(session: Any) -> str:
    """The provider that a session prefers, by its short name."""
    return session.get_providers()[0].removesuffix("ExecutionProvider").lower()


def _graphs(
    task: dict[str, Any], route: str, precision: str, opened: Callable[[Path], Any]
) -> dict[str, Any]:
    """Part → its graph, opened, for every part of the workload."""
    workdir = Workdir(task["folder"])
    graphs = {}
    for part in workdir.use(task["workload"]).parts:
        path = workdir.graph(part, route, precision)
        if not path.exists():
            raise BenchmarkError(f"The part {part!r} was not exported by {route} in {precision}.")
        graphs[part] = opened(path)
    return graphs


def _call(task: dict[str, Any], graphs: dict[str, Any]) -> Callable[[], Outputs]:
    """The workload on its inputs, through opened graphs."""
    from export.runtime.engine import run

    workdir = Workdir(task["folder"])
    inputs = workdir.inputs(task["workload"], task["batch"])
    use = workdir.use(task["workload"])
    return partial(run_use, use, lambda part, values: run(graphs[part], values), inputs)
