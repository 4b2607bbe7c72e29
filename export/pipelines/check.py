"""The certificate of a pipeline: its graph against the parts in sequence."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from export.certification.certificate import all_passed
from export.certification.compare import compare
from export.certification.inputs import Probe
from export.errors import CertificateError
from export.pipelines.draws import COUNT
from export.pipelines.images import LEVELS, to_floats
from export.pipelines.pipeline import Pipeline
from export.precision.fidelity import BOUNDS, measure
from export.runtime.engine import open_session, run
from export.runtime.table import Port

ROUNDED = 0.51  # of a level: rounding to the nearest, itself rounded
TRIED = 3  # rows that a pipeline with draws of its own is tried on


def compare_with_parts(pipeline: Pipeline, path: Path, name: str, precision: str) -> None:
    """Raises unless the graph gives what the parts give, for bytes to the nearest level.

    In int8, ONNX Runtime rounds at other places where one graph goes on in the next: there the
    pipeline keeps of its parts what a part must keep of float32.
    """
    expected = pipeline.compute(pipeline.inputs)
    received = run(open_session(path), pipeline.inputs)
    for result, port in pipeline.results.items():
        problem = _difference(result, port, expected[result], received[result], precision)
        if problem:
            raise CertificateError(
                f"The pipeline {name!r} differs from its parts in sequence in {result!r} {problem}."
            )


def _difference(
    result: str, port: Port, expected: np.ndarray, answer: np.ndarray, precision: str
) -> str | None:
    """How far a result is off, in words; None where it is within the tolerance."""
    if port.dtype == "uint8" and port.range is not None:
        low, high = port.range
        answer, expected = to_floats(answer, low, high), np.clip(expected, low, high)
        if np.abs(answer - expected).max() <= ROUNDED * (high - low) / LEVELS:
            return None
    else:
        probe = Probe("reference", {result: expected})
        if all_passed(*compare(lambda _: {result: expected}, lambda _: {result: answer}, [probe])):
            return None
    if precision != "int8":
        return "by more than the tolerance"
    row = measure(result, expected, answer, value_range=port.range)
    failures = row.failures(BOUNDS["int8"])
    return f"too much for int8. Received: {'; '.join(failures)}" if failures else None


def check_draws(pipeline: Pipeline, path: Path, drawn: Collection[str]) -> None:
    """Raises unless a pipeline with draws of its own gives as many finite rows as it should."""
    others = {key: array for key, array in pipeline.inputs.items() if key not in drawn}
    feed = {key: a if key == "truncation" else a[:TRIED] for key, a in others.items()}
    if COUNT in pipeline.assembly.inputs:
        feed[COUNT] = np.array([TRIED])
    for result, answer in run(open_session(path), feed).items():
        if len(answer) != TRIED or not np.isfinite(answer).all():
            raise CertificateError(
                f"A pipeline must give {TRIED} finite rows where it is asked for {TRIED}. "
                f"Received: {result} {answer.shape}."
            )
