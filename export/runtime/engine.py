"""Graphs opened to run: which engines and providers exist, and full float32 on each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime

from export.errors import BundleError
from export.runtime import openvino, parallel

# Options that keep float32 products float32: without them CUDA rounds to TF32, and OpenVINO to
# bfloat16 on processors that have it. In order of preference where a caller names none.
PROVIDERS: dict[str, dict[str, str]] = {
    "CUDAExecutionProvider": {"use_tf32": "0"},
    "OpenVINOExecutionProvider": {"device_type": "CPU", "precision": "FP32"},
    "CPUExecutionProvider": {},
}
ENGINE_PROVIDERS: dict[str, tuple[str, ...] | None] = {
    "onnxruntime": None,
    "openvino": ("openvino",),
}
"""The providers that an engine's name stands for."""


class Graph(Protocol):
    """An opened graph: a session of ONNX Runtime, or what has the same methods."""

    def get_inputs(self) -> Sequence[Any]: ...

    def get_outputs(self) -> Sequence[Any]: ...

    def run(self, names: Any, feed: Any) -> Sequence[Any]: ...


def choose_providers(asked: Sequence[str] | None = None) -> list[tuple[str, dict[str, str]]]:
    """Names ONNX Runtime's providers to try in order, each with its options.

    Short names are accepted: `"cuda"` for `"CUDAExecutionProvider"`. Those that this ONNX Runtime
    does not have are passed over.

    Raises:
        ValueError: It has none of them, or they are no list of names.
    """
    available = onnxruntime.get_available_providers()
    if asked is None:
        return [(name, options) for name, options in PROVIDERS.items() if name in available]
    short = {_short(name): name for name in available}
    chosen = [short[_short(name)] for name in _names(asked) if _short(name) in short]
    if not chosen:
        raise ValueError(_lacking(asked, available))
    return [(name, PROVIDERS.get(name, {})) for name in dict.fromkeys(chosen)]


def runs_in_openvino(
    providers: Sequence[str] | None = None, inference_precision: str = "float32"
) -> bool:
    """Whether graphs go to the package openvino: of the providers that are there, the first asked.

    Raises:
        ValueError: No provider that is there, or a precision that it does not compute in.
    """
    if inference_precision not in openvino.HINTS:
        raise ValueError(
            f"An inference precision must be one of {', '.join(openvino.HINTS)}. "
            f"Received: {inference_precision!r}."
        )
    if providers is not None and openvino.installed():
        there = {"openvino", *map(_short, onnxruntime.get_available_providers())}
        first = next((name for name in _names(providers) if _short(name) in there), "")
        if first.lower() == "openvino":  # longer, it is ONNX Runtime's own
            return True
    choose_providers(providers)
    if inference_precision != "float32":
        raise ValueError(
            f"Only the package openvino infers in {inference_precision}. "
            f"Received: providers {providers!r}. "
            f"Accepted: providers=['openvino'], or inference_precision='float32'."
        )
    return False


def open_graph(
    graph: Path | bytes,
    *,
    providers: Sequence[str] | None = None,
    threads: int | None = None,
    inference_precision: str = "float32",
) -> Graph:
    """Opens a graph of independent samples in the engine that was asked for.

    See `open_session`, `parallel.Parallel` and `openvino.Network`. Only a graph given as bytes is
    split among threads: it is opened a second time, later, when a file may be another one.
    """
    if runs_in_openvino(providers, inference_precision):
        return openvino.Network(graph, threads=threads, inference_precision=inference_precision)
    session = open_session(graph, providers=providers, threads=threads)
    if isinstance(graph, bytes) and parallel.worth_splitting(graph, session):
        single = partial(open_session, graph, providers=providers, threads=1)
        return parallel.Parallel(session, single, threads=threads)
    return session


def open_session(
    graph: Path | bytes, *, providers: Sequence[str] | None = None, threads: int | None = None
) -> onnxruntime.InferenceSession:
    """Opens a graph in ONNX Runtime, with every optimization.

    Args:
        graph: An ONNX file, or the bytes of one.
        providers: Execution providers to try in order; those that exist by default.
        threads: Threads of one operator; ONNX Runtime's choice by default.

    Raises:
        BundleError: ONNX Runtime cannot read the graph.
    """
    options = onnxruntime.SessionOptions()
    # Idle threads that spin slow down whatever shares the process.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
    source = graph if isinstance(graph, bytes) else str(graph)
    try:
        return onnxruntime.InferenceSession(
            source, sess_options=options, providers=choose_providers(providers)
        )
    except runtime_errors() as error:
        raise BundleError(f"ONNX Runtime cannot open the graph: {_first_line(error)}") from error


def run(graph: Graph, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Maps input names to arrays → output names to arrays.

    Raises:
        BundleError: ONNX Runtime opened the graph, and cannot compute it.
    """
    names = [output.name for output in graph.get_outputs()]
    try:
        return dict(zip(names, graph.run(names, dict(inputs)), strict=True))
    except runtime_errors() as error:
        raise BundleError(f"ONNX Runtime cannot run the graph: {_first_line(error)}") from error


def _short(provider: str) -> str:
    return provider.removesuffix("ExecutionProvider").lower()


def _names(providers: Any) -> Sequence[str]:
    """The names of providers, once they are a list of names."""
    named = isinstance(providers, Sequence) and all(isinstance(name, str) for name in providers)
    if isinstance(providers, str) or not named:
        raise ValueError(
            f"Providers must be a list of names. Received: {providers!r}. "
            f"Accepted: a list such as ['cuda', 'cpu']."
        )
    return providers


def _lacking(asked: Sequence[str], available: Sequence[str]) -> str:
    for name in asked:
        if _short(name) == "openvino" and not openvino.installed():
            return (
                f"The provider {name!r} needs the package openvino, not installed here. "
                f"Install: {openvino.INSTALL}"
            )
    package = ", or the package openvino" if openvino.installed() else ""
    return (
        f"One execution provider must be there at least. "
        f"Received: {', '.join(map(repr, asked)) or 'none'}. "
        f"Accepted: {', '.join(available)}{package}."
    )


def runtime_errors() -> tuple[type[Exception], ...]:
    """The exceptions of ONNX Runtime, which have no base of their own."""
    states: Any = onnxruntime.capi.onnxruntime_pybind11_state
    return (
        states.Fail,
        states.InvalidArgument,
        states.InvalidGraph,
        states.InvalidProtobuf,
        states.NotImplemented,
        states.RuntimeException,
        states.NoSuchFile,
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
