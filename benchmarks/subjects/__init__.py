"""THE TABLE of subjects: who is measured, in which process, called how."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.plan import PEAK, TRAIN, Task
from benchmarks.records.environment import instructions

PREDICT = "predict"
COMPILED = "compiled"
ONNX = "onnx"
PLAIN = "plain"

CHOSEN = ("TF_ENABLE_ONEDNN_OPTS",)
"""Variables that a subject's own settings have, or nobody's."""

_KERAS = "benchmarks.subjects.keras:Keras"
_ONNX = "benchmarks.subjects.onnx:OnnxRuntime"
_OPENVINO = "benchmarks.subjects.onnx:OpenVINO"
_PLAIN = "benchmarks.subjects.plain:PlainTorch"


@dataclass(frozen=True)
class Subject:
    """One way to compute, in a process of its own.

    Attributes:
        target: `module:class` of its runner, imported in the worker.
        kind: `predict`, `compiled`, `onnx` or `plain`: what reports compare it as.
        options: Keywords of the runner.
        backend: What Keras runs on there; None where Keras is not imported.
        requires: Packages without which it is left out.
        units: Instruction sets of which the processor must have one; none where any will do.
        trains: Whether it runs `train_step`.
        models: The only models it knows; None for all.
        route: Whose ONNX files it reads.
        precision: What it computes in.
        tunable: Whether the runner takes `threads` itself.
        placed: Whether the runner takes `device` itself.
        settings: What its environment has beside everybody's.
    """

    target: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    backend: str | None = None
    requires: Sequence[str] = ()
    units: Sequence[str] = ()
    trains: bool = False
    models: Sequence[str] | None = None
    route: str | None = None
    precision: str = "float32"
    tunable: bool = False
    placed: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    def takes(self, task: Task) -> bool:
        """Whether the subject can be asked to do a task."""
        if self.models is not None and task.model not in self.models:
            return False
        if task.workload == TRAIN:
            return self.trains
        if task.model == PEAK:
            return self.kind != PREDICT and self.precision == "float32"
        return True

    def lacking(self) -> str | None:
        """Why the subject cannot run here, found without importing anything; None where it can."""
        if self.units and not set(self.units) & set(instructions()):
            return f"The processor has none of {', '.join(self.units)}."
        absent = [package for package in self.requires if find_spec(package) is None]
        return f"Not installed: {', '.join(absent)}." if absent else None

    def installed(self) -> bool:
        """Whether everything it requires is there, without importing it."""
        return self.lacking() is None


def on_backend(
    backend: str, mode: str = "predict", *, trains: bool = False, **settings: str
) -> Subject:
    """Keras on a backend, called by a mode of `benchmarks.native` or with `predict`."""
    kind = PREDICT if mode == "predict" else COMPILED
    requires = ("keras", backend)
    options = {"mode": mode}
    return Subject(_KERAS, kind, options, backend, requires, trains=trains, settings=settings)


def _onnx(route: str, *packages: str, precision: str = "float32") -> Subject:
    return Subject(
        _ONNX,
        ONNX,
        {"route": route, "precision": precision},
        requires=("onnxruntime", *packages),
        route=route,
        precision=precision,
        tunable=True,
        placed=True,
    )


def _openvino(precision: str, *units: str) -> Subject:
    return Subject(
        _OPENVINO,
        ONNX,
        {"precision": precision},
        requires=("openvino",),
        units=units,
        route="direct",
        precision=precision,
        tunable=True,
    )


_PLAIN_MODELS = ("vae", "dcgan")

SUBJECTS: dict[str, Subject] = {
    "tensorflow-predict": on_backend("tensorflow", "predict"),
    "tensorflow-function": on_backend("tensorflow", "function", trains=True),
    # oneDNN is TensorFlow's own choice on processors with AVX-512 VNNI alone. With AVX2 it halves
    # the training step of batch 64; at batch 1 encoders take up to 1.6 times as long with it.
    "tensorflow-onednn": on_backend(
        "tensorflow", "function", trains=True, TF_ENABLE_ONEDNN_OPTS="1"
    ),
    "tensorflow-xla": on_backend("tensorflow", "xla"),
    "torch-predict": on_backend("torch", "predict"),
    "torch-eager": on_backend("torch", "eager", trains=True),
    "torch-compile": on_backend("torch", "compile"),
    "jax-predict": on_backend("jax", "predict"),
    "jax-jit": on_backend("jax", "jit", trains=True),
    "onnxruntime": _onnx("direct"),
    "onnxruntime-float16": _onnx("direct", precision="float16"),
    "onnxruntime-int8": _onnx("direct", precision="int8"),
    "onnxruntime-tf2onnx": _onnx("tf2onnx", "tf2onnx", "tensorflow"),
    "onnxruntime-torch": _onnx("torch", "torch"),
    "onnxruntime-jax2onnx": _onnx("jax2onnx", "jax2onnx", "jax"),
    "openvino": _openvino("float32"),
    # Elsewhere bfloat16 is computed as float32, and would be told apart from it by nothing.
    "openvino-bfloat16": _openvino("bfloat16", "avx512_bf16", "amx_bf16"),
    "plain-torch": Subject(
        _PLAIN, PLAIN, {"mode": "eager"}, None, ("torch",), trains=True, models=_PLAIN_MODELS
    ),
    "plain-torch-compile": Subject(
        _PLAIN, PLAIN, {"mode": "compile"}, None, ("torch",), models=_PLAIN_MODELS
    ),
}

# What `--quick` measures: each backend as it is called most, and ONNX Runtime.
QUICK = (
    "tensorflow-predict",
    "tensorflow-function",
    "torch-predict",
    "torch-eager",
    "jax-predict",
    "jax-jit",
    "onnxruntime",
    "plain-torch",
)


def choose(patterns: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The subjects that match any of the shell patterns, in the table's order.

    Returns:
        Those that can run here, and name → why not of the others.

    Raises:
        BenchmarkError: A pattern matches none of the table, or nothing that matches can run.
    """
    for pattern in patterns:
        if not fnmatch.filter(SUBJECTS, pattern):
            raise BenchmarkError(
                f"No subject matches. Received: {pattern!r}. Accepted: {', '.join(SUBJECTS)}"
            )
    chosen = [n for n in SUBJECTS if any(fnmatch.fnmatchcase(n, p) for p in patterns)]
    reasons = {name: SUBJECTS[name].lacking() for name in chosen}
    able = [name for name, reason in reasons.items() if reason is None]
    absent = {name: reason for name, reason in reasons.items() if reason is not None}
    if not able:
        told = "; ".join(f"{name}: {reason}" for name, reason in absent.items())
        raise BenchmarkError(f"A subject must be able to run here. Received: {told}")
    return able, absent


def environment(subject: Subject, *, threads: int, device: str) -> dict[str, str]:
    """The environment of a subject's process: its backend, equal threads, honest float32."""
    settings = {
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
        "NPROC": str(threads),  # the pool of JAX's XLA on the processor
        # Idle threads sleep: the next subject's turn has the machine to itself.
        "OMP_WAIT_POLICY": "PASSIVE",
        "KMP_BLOCKTIME": "0",
        # Full float32 products: no TF32 on NVIDIA GPUs, no bfloat16 on processors that offer it.
        "JAX_DEFAULT_MATMUL_PRECISION": "highest",
        "NVIDIA_TF32_OVERRIDE": "0",
        "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    if subject.backend is not None:
        settings["KERAS_BACKEND"] = subject.backend
    if device == "cpu":
        settings |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    # What the command line sets for itself is no default of the subject's.
    outside = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    return {**outside, **settings, **subject.settings}
