"""Presets of a run: the models, subjects and numbers that hold where an option names no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

QUICK = (
    "tensorflow-predict",
    "tensorflow-function",
    "torch-predict",
    "torch-eager",
    "torch-recorded",
    "jax-predict",
    "jax-jit",
    "onnxruntime",
    "plain-torch",
)
"""Each backend's usual calls, and ONNX Runtime."""

GPU = (
    "tensorflow-function",
    "tensorflow-function-bfloat16",
    "torch-recorded",
    "torch-recorded-bfloat16",
    "torch-compile",
    "torch-compile-bfloat16",
    "jax-jit",
    "jax-jit-bfloat16",
    "onnxruntime",
    "onnxruntime-binding",
    "onnxruntime-cuda-graph",
    "onnxruntime-tensorrt",
    "plain-torch",
)
"""Compiled backends, which train in two precisions, and ONNX Runtime's ways on a GPU."""

PROFILED = ("tensorflow-function", "torch-recorded", "jax-jit")
"""Each backend's usual training."""


@dataclass(frozen=True)
class Preset:
    """The defaults of a run's options.

    Attributes:
        models: Names or patterns.
        output: The file of results.
        subjects: Names or patterns; None for the usual ones of the device.
        batches: Batch sizes.
        rounds: Rounds of each task.
        cold: How many models, from the first, are started cold.
        minutes: The time of the run; None for as long as it takes.
        device: `cpu` or `gpu`.
        peaks: Whether the machine's ceilings are measured.
    """

    models: Sequence[str]
    output: Path
    subjects: Sequence[str] | None = None
    batches: Sequence[int] = (1, 8, 64)
    rounds: int = 11
    cold: int = 2
    minutes: float | None = None
    device: str = "cpu"
    peaks: bool = True


USUAL = "usual"
PRESETS: Mapping[str, Preset] = {
    USUAL: Preset(models=("*",), output=Path("bench.jsonl")),
    "quick": Preset(
        models=("vae", "vq_vae", "dcgan"),
        output=Path("bench-quick.jsonl"),
        subjects=QUICK,
        batches=(1, 64),
        rounds=7,
        cold=1,
    ),
    "gpu": Preset(
        models=("vae", "dcgan", "vae_gan"),
        output=Path("bench-gpu.jsonl"),
        subjects=GPU,
        batches=(16, 64, 256),
        rounds=21,
        cold=0,
        minutes=40.0,
        device="gpu",
        # Calls are timed from host to host: no ceiling of the device's own arithmetic or memory.
        peaks=False,
    ),
}
