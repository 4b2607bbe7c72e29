"""Graphs in lower precision, each with its own certificate, or rejected."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from export.errors import CertificateError, ExportError
from export.precision import convert
from export.precision.fidelity import AUTO, BOUNDS, PRECISIONS, Fidelity, measure
from export.precision.record import PrecisionCertificate
from export.runtime.engine import open_session, run

ROUNDS = 20

Arrays = Mapping[str, np.ndarray]
Range = tuple[float, float] | None


def check_precision(precision: str) -> None:
    """Raises where a precision is unknown."""
    if precision not in (*PRECISIONS, AUTO):
        raise ExportError(
            f"A precision must be one of {', '.join((*PRECISIONS, AUTO))}. Received: {precision!r}."
        )


def lower(
    path: Path,
    precision: str,
    *,
    name: str,
    inputs: Mapping[str, Arrays],
    ranges: Mapping[str, Range],
) -> PrecisionCertificate:
    """Rewrites a float32 graph in lower precision, in place, where it keeps what it must.

    Inputs and outputs stay float32. One half of each family of inputs calibrates, the other judges.

    Args:
        path: The ONNX file, certified in float32.
        precision: `float16`, `bfloat16` or `int8`; see `export.precision.convert`.
        name: The part's name.
        inputs: Calibration inputs `(count, ...)` by name, by family; each meets the bounds alone.
        ranges: Of the outputs that hold data, by name.

    Raises:
        CertificateError: The graph in lower precision loses more than its bound allows; the file
            is as it was.
    """
    calibration, held_out = calibrating(inputs), judged(inputs)
    before = path.read_bytes()
    after = _rewritten(before, precision, calibration)
    sessions = open_session(before), open_session(after)
    truth, answer = (run(session, held_out) for session in sessions)
    outputs = judge_families(inputs, truth, answer, ranges)
    failures = [line for row in outputs for line in row.failures(BOUNDS[precision])]
    if failures:
        raise CertificateError(
            f"The part {name!r} loses too much in {precision}. Received: {'; '.join(failures)}."
        )
    slow, fast = _milliseconds(sessions, held_out)
    path.write_bytes(after)
    return PrecisionCertificate(
        part=name,
        precision=precision,
        outputs=outputs,
        bound=BOUNDS[precision],
        calibrated=_count(calibration) if precision == "int8" else 0,
        judged=_count(held_out),
        bytes=len(after),
        float32_bytes=len(before),
        milliseconds=fast,
        float32_milliseconds=slow,
        file_sha256=hashlib.sha256(after).hexdigest(),
    )


def calibrating(inputs: Mapping[str, Arrays]) -> dict[str, np.ndarray]:
    """The first half of every family, which a lower precision may be calibrated on."""
    return _joined([_slice(family, 0, _count(family) // 2) for family in inputs.values()])


def judged(inputs: Mapping[str, Arrays]) -> dict[str, np.ndarray]:
    """The other half of every family, which a lower precision is judged on."""
    return _joined([_slice(family, _count(family) // 2, None) for family in inputs.values()])


def judge(
    truth: Arrays, answer: Arrays, ranges: Mapping[str, Range], *, inputs: str | None = None
) -> tuple[Fidelity, ...]:
    """Measures every output in lower precision against float32, on a family of inputs."""
    return tuple(
        measure(output, values, answer[output], value_range=ranges.get(output), inputs=inputs)
        for output, values in truth.items()
    )


def judge_families(
    families: Mapping[str, Arrays], truth: Arrays, answer: Arrays, ranges: Mapping[str, Range]
) -> tuple[Fidelity, ...]:
    """Measures every output of the `judged` inputs of families, family by family."""
    rows: list[Fidelity] = []
    end = 0
    for name, family in families.items():
        start, end = end, end + _count(family) - _count(family) // 2
        expected, received = _slice(truth, start, end), _slice(answer, start, end)
        rows += judge(expected, received, ranges, inputs=name)
    return tuple(rows)


def _count(arrays: Arrays) -> int:
    return len(next(iter(arrays.values())))


def _slice(arrays: Arrays, start: int, end: int | None) -> dict[str, np.ndarray]:
    return {name: values[start:end] for name, values in arrays.items()}


def _joined(pieces: Sequence[Arrays]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _rewritten(content: bytes, precision: str, calibration: Arrays) -> bytes:
    if precision == "int8":
        return convert.int8(content, calibration)
    return convert.float16(content) if precision == "float16" else convert.bfloat16(content)


def _milliseconds(sessions: Sequence[onnxruntime.InferenceSession], inputs: Arrays) -> list[float]:
    """The least time of each session, in rounds that take turns at who goes first."""
    best = [float("inf")] * len(sessions)
    turns = list(enumerate(sessions))
    for _ in range(ROUNDS):
        for index, session in turns:
            started = time.perf_counter()
            run(session, inputs)
            best[index] = min(best[index], (time.perf_counter() - started) * 1e3)
        turns.reverse()
    return [round(value, 4) for value in best]
