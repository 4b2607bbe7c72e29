"""The table of subjects: each way to compute, its process and its runner."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.records.schema import Skipped
from benchmarks.tasks import PEAK, TRAIN, Task
from export.machine import instructions

PREDICT = "predict"
COMPILED = "compiled"
ONNX = "onnx"
PLAIN = "plain"

DEVICES = ("cpu", "gpu")

NOT_INHERITED = ("TF_ENABLE_ONEDNN_OPTS", "GENZOO_TORCH")
"""Variables that come from a subject's own row alone, never from the command's environment."""

_KERAS = "benchmarks.subjects.keras:Keras"
_BOUND = "benchmarks.subjects.bound:BoundOnnxRuntime"
_ONNX = "benchmarks.subjects.onnx:OnnxRuntime"
_OPENVINO = "benchmarks.subjects.onnx:OpenVINO"
_PLAIN = "benchmarks.subjects.plain:PlainTorch"


@dataclass(frozen=True)
class Subject:
    """One way to compute, in a process of its own.

    Attributes:
        name: Its name in options and results.
        target: `module:class` of its runner, imported in the worker.
        kind: `predict`, `compiled`, `onnx` or `plain`: the group of the report that it is in.
        options: Keywords of the runner.
        backend: The backend of its Keras; None where Keras is not imported.
        requires: Packages without which it is unavailable.
        instructions: Instruction sets of which the processor must have one; empty for any.
        trains: Whether it runs `train_step`.
        models: The only models that it has; None for all.
        workloads: The only workloads that it has; None for all.
        route: The route whose ONNX files it reads.
        precision: The precision that it computes in.
        takes_threads: Whether the runner has the keyword `threads`.
        takes_device: Whether the runner has the keyword `device`.
        devices: The devices that it has a way to run on.
        usual_on: The devices on which a run that names no subjects measures it.
        variables: Environment variables of this subject alone.
    """

    name: str
    target: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    backend: str | None = None
    requires: Sequence[str] = ()
    instructions: Sequence[str] = ()
    trains: bool = False
    models: Sequence[str] | None = None
    workloads: Sequence[str] | None = None
    route: str | None = None
    precision: str = "float32"
    takes_threads: bool = False
    takes_device: bool = False
    devices: Sequence[str] = DEVICES
    usual_on: Sequence[str] = DEVICES
    variables: Mapping[str, str] = field(default_factory=dict)

    def supports(self, task: Task) -> bool:
        """Whether the subject can be timed at a task."""
        if self.models is not None and task.model not in self.models:
            return False
        if self.workloads is not None and task.workload not in self.workloads:
            return False
        if task.workload == TRAIN:
            return self.trains
        if task.model == PEAK:
            return self.kind != PREDICT and self.precision == "float32"
        return True

    def unavailable(self, device: str = "cpu") -> str | None:
        """The reason why the subject cannot run here, or None; imports nothing."""
        if device not in self.devices:
            return f"Runs on {' and '.join(self.devices)} alone. Received: --device {device}."
        if self.instructions and not set(self.instructions) & set(instructions()):
            return f"The processor has none of {', '.join(self.instructions)}."
        absent = [package for package in self.requires if find_spec(package) is None]
        return f"Not installed: {', '.join(absent)}." if absent else None


def on_backend(
    backend: str, mode: str = "predict", *, name: str = "", trains: bool = False, **variables: str
) -> Subject:
    """Keras on a backend, called by a mode of `benchmarks.native` or with `predict`."""
    return Subject(
        name or f"{backend}-{mode}",
        _KERAS,
        PREDICT if mode == "predict" else COMPILED,
        {"mode": mode},
        backend,
        ("keras", backend),
        trains=trains,
        variables=variables,
    )


def _in_bfloat16(backend: str, mode: str, **variables: str) -> Subject:
    """Training in Keras's policy `mixed_bfloat16`: weights in float32, layers in bfloat16."""
    return replace(
        on_backend(backend, mode, name=f"{backend}-{mode}-bfloat16", trains=True, **variables),
        options={"mode": mode, "precision": "mixed_bfloat16"},
        workloads=(TRAIN,),
        precision="bfloat16",
        usual_on=("gpu",),
    )


def _in_keras(backend: str) -> Subject:
    """Keras's own training of a plain `keras.Model` with the same networks and loss."""
    return Subject(
        f"{backend}-keras",
        "benchmarks.subjects.plain_keras:PlainKeras",
        PLAIN,
        backend=backend,
        requires=("keras", backend),
        trains=True,
        models=("vae",),
        workloads=(TRAIN,),
    )


def _onnx(name: str, route: str, *packages: str, precision: str = "float32") -> Subject:
    return Subject(
        name,
        _ONNX,
        ONNX,
        {"route": route, "precision": precision},
        requires=("onnxruntime", *packages),
        route=route,
        precision=precision,
        takes_threads=True,
        takes_device=True,
    )


def _bound(name: str, *, devices: Sequence[str] = ("gpu",), **options: Any) -> Subject:
    return Subject(
        name,
        _BOUND,
        ONNX,
        options,
        requires=("onnxruntime",),
        route="direct",
        takes_threads=True,
        takes_device=True,
        devices=devices,
        usual_on=("gpu",),
    )


def _openvino(name: str, precision: str, *instructions: str) -> Subject:
    return Subject(
        name,
        _OPENVINO,
        ONNX,
        {"precision": precision},
        requires=("openvino",),
        instructions=instructions,
        route="direct",
        precision=precision,
        takes_threads=True,
    )


def _plain(name: str, mode: str, *, trains: bool = False) -> Subject:
    models = ("vae", "dcgan")
    return Subject(
        name, _PLAIN, PLAIN, {"mode": mode}, requires=("torch",), trains=trains, models=models
    )


SUBJECTS: Sequence[Subject] = (
    on_backend("tensorflow", "predict"),
    on_backend("tensorflow", "function", trains=True),
    # oneDNN is TensorFlow's own choice on processors with AVX-512 VNNI alone. With AVX2 it halves
    # the training step of batch 64; at batch 1 encoders take up to 1.6 times as long with it.
    on_backend(
        "tensorflow", "function", name="tensorflow-onednn", trains=True, TF_ENABLE_ONEDNN_OPTS="1"
    ),
    _in_bfloat16("tensorflow", "function"),
    on_backend("tensorflow", "xla"),
    on_backend("tensorflow", "lite"),
    _in_keras("tensorflow"),
    on_backend("torch", "predict"),
    on_backend("torch", "eager", trains=True, GENZOO_TORCH="eager"),
    on_backend("torch", "recorded", trains=True, GENZOO_TORCH="recorded"),
    _in_bfloat16("torch", "recorded", GENZOO_TORCH="recorded"),
    on_backend("torch", "compile", trains=True, GENZOO_TORCH="compiled"),
    _in_bfloat16("torch", "compile", GENZOO_TORCH="compiled"),
    _in_keras("torch"),
    on_backend("jax", "predict"),
    on_backend("jax", "jit", trains=True),
    _in_bfloat16("jax", "jit"),
    on_backend("jax", "export"),
    _in_keras("jax"),
    _onnx("onnxruntime", "direct"),
    _onnx("onnxruntime-float16", "direct", precision="float16"),
    _onnx("onnxruntime-int8", "direct", precision="int8"),
    _onnx("onnxruntime-tf2onnx", "tf2onnx", "tf2onnx", "tensorflow"),
    _onnx("onnxruntime-torch", "torch", "torch"),
    _onnx("onnxruntime-jax2onnx", "jax2onnx", "jax2onnx", "jax"),
    _bound("onnxruntime-binding", devices=DEVICES),
    _bound("onnxruntime-cuda-graph", cuda_graph=True),
    _bound("onnxruntime-tensorrt", engine="tensorrt"),
    _openvino("openvino", "float32"),
    # Elsewhere bfloat16 is computed as float32, so that the two could not be distinguished.
    _openvino("openvino-bfloat16", "bfloat16", "avx512_bf16", "amx_bf16"),
    _plain("plain-torch", "eager", trains=True),
    _plain("plain-torch-compile", "compile", trains=True),
)


def usual(device: str) -> list[str]:
    """The names of the subjects that a run on a device measures where it names none."""
    return [subject.name for subject in SUBJECTS if device in subject.usual_on]


def select(patterns: Sequence[str], *, device: str = "cpu") -> tuple[list[Subject], list[Skipped]]:
    """The subjects that match any of the shell patterns, in the table's order.

    Args:
        patterns: Names or patterns.
        device: The device of the run.

    Returns:
        Those that can run here, and a row with the reason for each of the others.

    Raises:
        BenchmarkError: A pattern matches no subject, or no matching subject can run here.
    """
    names = [subject.name for subject in SUBJECTS]
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            raise BenchmarkError(
                f"No subject matches. Received: {pattern!r}. Accepted: {', '.join(names)}"
            )
    able, skipped = [], []
    for subject in SUBJECTS:
        if not any(fnmatch.fnmatchcase(subject.name, pattern) for pattern in patterns):
            continue
        reason = subject.unavailable(device)
        if reason is None:
            able.append(subject)
        else:
            skipped.append(Skipped(subject=subject.name, reason=reason))
    if not able:
        reasons = "; ".join(f"{row.subject}: {row.reason}" for row in skipped)
        raise BenchmarkError(f"A subject must be able to run here. Received: {reasons}")
    return able, skipped


def environment(subject: Subject, *, threads: int, device: str) -> dict[str, str]:
    """The environment of a subject's process: its backend, equal threads, full float32."""
    shared = {
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
        "NPROC": str(threads),  # the pool of JAX's XLA on the processor
        # Idle threads sleep, so that the other subjects' rounds have the machine to themselves.
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
        shared["KERAS_BACKEND"] = subject.backend
    if device == "cpu":
        shared |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return {**inherited, **shared, **subject.variables}
