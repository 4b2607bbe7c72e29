"""ONNX Runtime sessions: which providers exist, and full float32 on each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from export.errors import BundleError

# Options that keep float32 products float32: without them CUDA rounds to TF32, and OpenVINO to
# bfloat16 on processors that have it. In order of preference where a caller names none.
PROVIDERS: dict[str, dict[str, str]] = {
    "CUDAExecutionProvider": {"use_tf32": "0"},
    "OpenVINOExecutionProvider": {"device_type": "CPU", "precision": "FP32"},
    "CPUExecutionProvider": {},
}


def choose_providers(asked: Sequence[str] | None = None) -> list[tuple[str, dict[str, str]]]:
    """Names the providers to try in order, each with its options; the processor comes last.

    Short names are accepted: `"cuda"` for `"CUDAExecutionProvider"`.

    Raises:
        ValueError: a provider that this ONNX Runtime does not have was asked for.
    """
    available = onnxruntime.get_available_providers()
    if asked is None:
        return [(name, options) for name, options in PROVIDERS.items() if name in available]
    short = {name.removesuffix("ExecutionProvider").lower(): name for name in available}
    chosen = []
    for name in asked:
        full = short.get(name.removesuffix("ExecutionProvider").lower())
        if full is None:
            raise ValueError(
                f"An execution provider must be one that ONNX Runtime has here. "
                f"Received: {name!r}. Accepted: {', '.join(available)}."
            )
        chosen.append((full, PROVIDERS.get(full, {})))
    return chosen


def open_session(
    graph: Path | bytes, *, providers: Sequence[str] | None = None, threads: int | None = None
) -> onnxruntime.InferenceSession:
    """Opens a graph with every optimization.

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
    except _runtime_errors() as error:
        raise BundleError(f"ONNX Runtime cannot open the graph: {_first_line(error)}") from error


def run(
    session: onnxruntime.InferenceSession, inputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Maps input names to arrays → output names to arrays."""
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


def _runtime_errors() -> tuple[type[Exception], ...]:
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
