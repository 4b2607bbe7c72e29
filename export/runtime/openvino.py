"""Graphs in OpenVINO, behind the methods of an ONNX Runtime session that bundles use.

On processors that have bfloat16 matrix units, OpenVINO can use them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from export.errors import BundleError

INSTALL = "pip install openvino"
HINTS = {"float32": "f32", "bfloat16": "bf16"}
Shapes = tuple[tuple[int, ...], ...]
FIXED = 4  # shapes with a network of their own; each holds the weights in a layout of its own


class NetworkPort(NamedTuple):
    """An input or output of a graph; `None` is any size."""

    name: str
    dtype: np.dtype
    shape: tuple[int | None, ...]

    def fits(self, array: np.ndarray) -> bool:
        """Whether an array has the dtype, and a shape, of this tensor."""
        return (
            array.dtype == self.dtype
            and array.ndim == len(self.shape)
            and all(size in (None, own) for size, own in zip(self.shape, array.shape, strict=True))
        )


class Network:
    """A graph that OpenVINO computes on the processor; threads that call it take turns.

    It is compiled anew for each shape of its inputs, which runs faster than one network for all
    shapes. An index past the end of a table reads zeros, where ONNX Runtime rejects it.

    Args:
        graph: An ONNX file, or the bytes of one.
        threads: Threads of inference; OpenVINO's choice by default.
        inference_precision: `float32`, or `bfloat16` to let products and activations be rounded to
            it where the processor has units for them; others compute in float32.

    Raises:
        BundleError: OpenVINO cannot read the graph.
        ModuleNotFoundError: The package is not installed.
    """

    def __init__(
        self,
        graph: Path | bytes,
        *,
        threads: int | None = None,
        inference_precision: str = "float32",
    ) -> None:
        self._core = _core()
        frontend = import_module("openvino.frontend")
        self._errors: tuple[type[Exception], ...] = (RuntimeError, *_failures(frontend))
        self._settings = {
            "INFERENCE_PRECISION_HINT": HINTS[inference_precision],
            "PERFORMANCE_HINT": "LATENCY",
        }
        if threads is not None:
            self._settings["INFERENCE_NUM_THREADS"] = str(threads)
        self._requests: dict[Shapes | None, Any] = {}
        self._lock = Lock()
        # Of the formats that OpenVINO knows by their first bytes, only ONNX is read. Weights beside
        # the file are read whole: mapped ones could still change after their hash was checked.
        onnx = frontend.FrontEndManager().load_by_framework("onnx")
        try:
            if isinstance(graph, bytes):
                self._model = onnx.convert(onnx.load(BytesIO(graph)))
            else:
                self._model = onnx.convert(onnx.load(str(graph), enable_mmap=False))
        except self._errors as error:
            raise BundleError(f"OpenVINO cannot open the graph: {_reason(error)}") from error
        self._inputs = [_tensor(port) for port in self._model.inputs]
        self._outputs = [_tensor(port) for port in self._model.outputs]

    def get_inputs(self) -> list[NetworkPort]:
        """The inputs of the graph, in its order."""
        return self._inputs

    def get_outputs(self) -> list[NetworkPort]:
        """The outputs of the graph, in its order."""
        return self._outputs

    def run(self, names: Sequence[str] | None, feed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Maps input names to arrays → the named outputs, or all of them.

        Raises:
            ValueError: Names, dtypes or shapes are others than the graph reads.
            BundleError: OpenVINO cannot compute the graph.
        """
        self._check(feed)
        try:
            with self._lock:
                results = self._request(feed).infer(dict(feed), share_inputs=True)
                arrays = [results[index] for index in range(len(self._outputs))]
        except self._errors as error:
            raise BundleError(f"OpenVINO cannot run the graph: {_reason(error)}") from error
        given = {tensor.name: array for tensor, array in zip(self._outputs, arrays, strict=True)}
        return [given[name] for name in (given if names is None else names)]

    def _check(self, feed: Mapping[str, np.ndarray]) -> None:
        names = [tensor.name for tensor in self._inputs]
        if set(feed) != set(names):
            raise ValueError(
                f"A graph must be given all its inputs. Received: {', '.join(feed) or 'nothing'}. "
                f"Accepted: {', '.join(names)}."
            )
        for tensor in self._inputs:
            array = feed[tensor.name]
            if not tensor.fits(array):
                raise ValueError(
                    f"The input {tensor.name!r} must be {tensor.dtype} {tensor.shape}. "
                    f"Received: {array.dtype} {array.shape}."
                )

    def _request(self, feed: Mapping[str, np.ndarray]) -> Any:
        """A network for these shapes; once `FIXED` have theirs, one for any others."""
        key: Shapes | None = tuple(feed[tensor.name].shape for tensor in self._inputs)
        if key not in self._requests and len(self._requests) >= FIXED:
            key = None
        if key not in self._requests:
            model = self._model
            if key is not None:
                model = model.clone()
                model.reshape({name: list(array.shape) for name, array in feed.items()})
            compiled = self._core.compile_model(model, "CPU", self._settings)
            self._requests[key] = compiled.create_infer_request()
        return self._requests[key]


def installed() -> bool:
    """Whether the package is there, without importing it."""
    return find_spec("openvino") is not None


def has_bfloat16() -> bool:
    """Whether OpenVINO computes in bfloat16 on this processor; else it takes float32 instead.

    Raises:
        ModuleNotFoundError: The package is not installed.
    """
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@cache
def _core() -> Any:
    """OpenVINO's core, one for the process and never destroyed.

    With its processor plugin, a core brings the thread a stack for signals and, when it goes, puts
    back the one that it found: that of another core, which may be gone. The next signal, such as
    Ctrl-C, then ends the process.
    """
    return _package().Core()


def _package() -> Any:
    """Imports openvino with its own stub for telemetry.

    The real one starts a process that reports each import to a server, by fork: not what a
    program that opens a bundle expects, and unsafe beside the threads of a training backend.
    """
    modules: dict[str, Any] = sys.modules
    if "openvino" not in modules and "openvino_telemetry" not in modules:
        modules["openvino_telemetry"] = None
        try:
            import_module("openvino")
        finally:
            del modules["openvino_telemetry"]
    return import_module("openvino")


def _tensor(port: Any) -> NetworkPort:
    sizes = (None if size.is_dynamic else size.get_length() for size in port.partial_shape)
    return NetworkPort(port.any_name, port.element_type.to_dtype(), tuple(sizes))


def _failures(frontend: Any) -> tuple[type[Exception], ...]:
    return (
        frontend.GeneralFailure,
        frontend.InitializationFailure,
        frontend.NotImplementedFailure,
        frontend.OpConversionFailure,
        frontend.OpValidationFailure,
    )


def _reason(error: Exception) -> str:
    """The line of OpenVINO's message that says most: the others name its source files."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("Exception from", "Check ", "Summary"))]
    return (kept or lines)[-1]
