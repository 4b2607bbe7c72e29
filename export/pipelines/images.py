"""Bytes in place of floats: images as they are stored, before and behind a pipeline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from onnx import TensorProto

from export.errors import ExportError
from export.pipelines.pipeline import Arrays, Pipeline

LEVELS = 255.0


def as_bytes(pipeline: Pipeline) -> None:
    """Makes the images that go in and come out bytes, 0 to 255.

    Raises:
        ExportError: No input and no result is an image with a range.
    """
    ports = {name: port for name, port in pipeline.ports.items() if port.is_image}
    results = {name: port for name, port in pipeline.results.items() if port.is_image}
    if not ports and not results:
        shapes = ", ".join(f"{p.name} {p.shape}" for p in pipeline.ports.values()) or "none"
        raise ExportError(
            "Bytes stand for images (height, width, channels) with a value range. "
            f"Received: the inputs {shapes}."
        )
    for name, port in ports.items():
        _bytes_in(pipeline, name, *_range(port.range))
        pipeline.ports[name] = replace(port, dtype="uint8")
    for name, port in results.items():
        _bytes_out(pipeline, name, *_range(port.range))
        pipeline.results[name] = replace(port, dtype="uint8")


def to_floats(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Bytes as values from `low` to `high`."""
    return values * np.float32((high - low) / LEVELS) + np.float32(low)


def _bytes_in(pipeline: Pipeline, name: str, low: float, high: float) -> None:
    """Casts, scales and shifts an input before what reads it."""
    assembly, computed = pipeline.assembly, pipeline.compute
    assembly.detach_input(name, f"{name}/scaled")
    scale = assembly.constant(f"{name}/scale", np.float32((high - low) / LEVELS))
    shift = assembly.constant(f"{name}/shift", np.float32(low))
    assembly.before("Cast", [name], f"{name}/float", to=TensorProto.FLOAT)
    assembly.before("Mul", [f"{name}/float", scale], f"{name}/multiplied")
    assembly.before("Add", [f"{name}/multiplied", shift], f"{name}/scaled")
    assembly.retype_input(name, "uint8")
    pipeline.inputs[name] = _to_bytes(pipeline.inputs[name], low, high)

    def compute(feed: Arrays) -> Arrays:
        return computed(feed | {name: to_floats(feed[name], low, high)})

    pipeline.compute = compute


def _bytes_out(pipeline: Pipeline, name: str, low: float, high: float) -> None:
    """Shifts, scales, clips, rounds and casts a result."""
    assembly = pipeline.assembly
    assembly.detach_output(name, f"{name}/float")
    shift = assembly.constant(f"{name}/levels/shift", np.float32(low))
    scale = assembly.constant(f"{name}/levels/scale", np.float32(LEVELS / (high - low)))
    least = assembly.constant(f"{name}/levels/least", np.float32(0.0))
    most = assembly.constant(f"{name}/levels/most", np.float32(LEVELS))
    assembly.after("Sub", [f"{name}/float", shift], f"{name}/levels/shifted")
    assembly.after("Mul", [f"{name}/levels/shifted", scale], f"{name}/levels/scaled")
    assembly.after("Clip", [f"{name}/levels/scaled", least, most], f"{name}/levels/clipped")
    assembly.after("Round", [f"{name}/levels/clipped"], f"{name}/levels/rounded")
    assembly.after("Cast", [f"{name}/levels/rounded"], name, to=TensorProto.UINT8)
    assembly.retype_output(name, "uint8")


def _range(limits: tuple[float, float] | None) -> tuple[float, float]:
    return limits or (0.0, 1.0)


def _to_bytes(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.rint(np.clip((values - low) * (LEVELS / (high - low)), 0, LEVELS)).astype(np.uint8)
