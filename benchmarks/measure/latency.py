"""Latency in one process: a bundle in ONNX Runtime and the native model, timed in turn."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.measure.correctness import check_outputs
from benchmarks.measure.statistics import Interval, Summary, speedup, summarize
from benchmarks.native import compiled
from benchmarks.workload import cardinality
from export.timing import in_turn
from zoo import networks

ROUND_SECONDS = 0.05
MIN_ROUNDS = 5
"""Rounds that are measured, however little time there is."""


@dataclass(frozen=True)
class Latency:
    """One part at one batch size: seconds per call of both sides, and how much faster ONNX is."""

    part: str
    batch: int
    native: Summary
    onnxruntime: Summary
    speedup: Interval


def compare(
    parts: Mapping[str, Any],
    bundle_folder: str | Path,
    *,
    batches: Sequence[int] = (1, 16),
    seconds: float = 2.0,
    seed: int = 0,
) -> list[Latency]:
    """Times each part of a bundle against the backend's compiled call of the same part.

    Rounds of a twentieth of a second alternate; both sides start and end in NumPy arrays, and ONNX
    Runtime's idle threads do not spin. Published figures come from `zoo bench`, which gives each
    side a process of its own.

    Args:
        parts: Name → functional Keras model, as `model.parts()` returns.
        bundle_folder: A bundle of the same parts, as `export.to_bundle` writes.
        batches: Batch sizes.
        seconds: Time for each part and batch size, without compilation.
        seed: Seeds the inputs.

    Raises:
        BenchmarkError: The bundle lacks a part.
        WrongOutput: The bundle's output differs from the part's by more than a certificate allows.
    """
    from export.runtime import engine

    folder = Path(bundle_folder)
    files = _files(folder)
    unknown = sorted(set(parts) - set(files))
    if unknown:
        raise BenchmarkError(
            f"The bundle {folder} holds the parts {', '.join(files)}. Received: {unknown[0]!r}"
        )
    rows = []
    for name, part in parts.items():
        native = compiled(partial(networks.apply, part), part.variables)
        session = engine.open_session(folder / files[name])
        for batch in batches:
            inputs = draw_inputs(part, batch, seed)
            check_outputs(engine.run(session, inputs), native(inputs))
            sides = partial(native, inputs), partial(engine.run, session, inputs)
            ours, theirs = _take_turns(sides, seconds)
            rows.append(
                Latency(name, batch, summarize(ours), summarize(theirs), speedup(ours, theirs))
            )
    return rows


def draw_inputs(part: Any, batch: int, seed: int) -> dict[str, np.ndarray]:
    """Random inputs of a functional model by name: floats from U(0, 1), integers it accepts."""
    rng = np.random.default_rng([seed, batch])
    limits = cardinality.of_part(part)
    inputs = {}
    for name, tensor in part.input.items():
        size = (batch, *tensor.shape[1:])
        if "int" in tensor.dtype:
            limit = limits.get(name, 1)
            inputs[name] = rng.integers(limit, size=size).astype(tensor.dtype)
        else:
            inputs[name] = rng.random(size).astype(tensor.dtype)
    return inputs


def _files(folder: Path) -> dict[str, str]:
    try:
        parts = json.loads((folder / "bundle.json").read_text())["parts"]
        return {name: part["file"] for name, part in parts.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(f"{folder} is not a bundle: {error}") from error


def _take_turns(sides: tuple[Any, Any], seconds: float) -> tuple[list[float], list[float]]:
    """Seconds per call of both sides by round."""
    timed: tuple[list[float], list[float]] = ([], [])
    deadline = time.perf_counter() + seconds
    for ours, theirs in in_turn(sides, ROUND_SECONDS):
        timed[0].append(ours.median)
        timed[1].append(theirs.median)
        if len(timed[0]) >= MIN_ROUNDS and time.perf_counter() >= deadline:
            break
    return timed
