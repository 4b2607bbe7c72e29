"""Graphs in float16 and int8, each with its own certificate, or refused."""

from __future__ import annotations

import hashlib
import logging
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.transformers.float16 import convert_float_to_float16

from export.errors import CertificateError, ExportError
from export.fidelity import Bound, Fidelity, measure
from export.runtime.engine import open_session, run
from export.runtime.manifest import Part

BOUNDS = {
    "float16": Bound(psnr=50.0, ssim=0.99, snr=40.0, agreement=0.99),
    "int8": Bound(psnr=25.0, ssim=0.9, snr=15.0, agreement=0.9),
}
PRECISIONS = ("float32", *BOUNDS)
QUANTIZED = ["Conv", "ConvTranspose", "Gemm", "MatMul"]  # where the weights are
ROUNDS = 20

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class PrecisionCertificate:
    """One part in lower precision beside its float32 graph, on ONNX Runtime here.

    `calibrated` and `judged` count inputs; no input is in both. Milliseconds are the least of
    rounds in which the two take turns, with all judged inputs as one batch.
    """

    part: str
    precision: str
    outputs: tuple[Fidelity, ...]
    bound: Bound
    calibrated: int
    judged: int
    bytes: int
    float32_bytes: int
    milliseconds: float
    float32_milliseconds: float
    file_sha256: str

    def to_json(self) -> dict[str, Any]:
        """The certificate in JSON terms."""
        return asdict(self)


def refuse_precision(precision: str) -> None:
    """Raises where a precision is unknown, or ONNX Runtime has no kernels for it."""
    if precision == "bfloat16":
        raise ExportError(
            f"A precision must be one that ONNX Runtime computes in. Received: 'bfloat16', for "
            f"which its processor kernels lack MatMul, Gemm and Conv (last tried with 1.31, here "
            f"is {onnxruntime.__version__}). Accepted: {', '.join(PRECISIONS)}."
        )
    if precision not in PRECISIONS:
        raise ExportError(
            f"A precision must be one of {', '.join(PRECISIONS)}. Received: {precision!r}."
        )


def lower(
    path: Path,
    precision: str,
    *,
    name: str,
    part: Part,
    inputs: Arrays,
    value_range: tuple[float, float] | None,
) -> PrecisionCertificate:
    """Rewrites a float32 graph in lower precision, in place, where it keeps what it must.

    Inputs and outputs stay float32. One half of the inputs calibrates, the other judges.

    Args:
        path: The ONNX file, certified in float32.
        precision: `float16` or `int8`.
        name: The part's name.
        part: What goes in and out of it.
        inputs: Typical inputs by name, `(count, ...)`.
        value_range: Of the data.

    Raises:
        CertificateError: the graph in lower precision loses more than its bound allows; the file
            is as it was.
    """
    count = len(next(iter(inputs.values())))
    half = count // 2
    calibration = {key: values[:half] for key, values in inputs.items()}
    held_out = judged(inputs)
    before = path.read_bytes()
    after = _int8(path, calibration) if precision == "int8" else _float16(before)
    sessions = open_session(before), open_session(after)
    truth, answer = (run(session, held_out) for session in sessions)
    outputs = judge(part, truth, answer, value_range)
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
        calibrated=half if precision == "int8" else 0,
        judged=count - half,
        bytes=len(after),
        float32_bytes=len(before),
        milliseconds=fast,
        float32_milliseconds=slow,
        file_sha256=hashlib.sha256(after).hexdigest(),
    )


def judged(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The inputs that a lower precision is judged on: the half that it is not calibrated on."""
    return {name: values[len(values) // 2 :] for name, values in inputs.items()}


def judge(
    part: Part, truth: Arrays, answer: Arrays, value_range: tuple[float, float] | None
) -> tuple[Fidelity, ...]:
    """Measures every output of a part in lower precision against float32."""
    roles = {port.name: port.role for port in part.outputs}
    return tuple(
        measure(
            output,
            values,
            answer[output],
            value_range=value_range if roles[output] == "data" else None,
        )
        for output, values in truth.items()
    )


def _float16(content: bytes) -> bytes:
    """Casts weights and arithmetic to float16; what it cannot express stays float32."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # weights out of range are cut off: the bounds tell
        model = onnx.load_from_string(content)
        graph = ir.from_proto(convert_float_to_float16(model, keep_io_types=True))
    graph.graph.sort()  # the converter appends its casts at the end
    return ir.to_proto(graph).SerializeToString(deterministic=True)


class _Batches(CalibrationDataReader):
    def __init__(self, inputs: Arrays) -> None:
        count = len(next(iter(inputs.values())))
        self.rows = iter(range(count))
        self.inputs = inputs

    def get_next(self) -> dict[str, np.ndarray] | None:
        row = next(self.rows, None)
        if row is None:
            return None
        return {key: values[row : row + 1] for key, values in self.inputs.items()}


def _int8(path: Path, calibration: Arrays) -> bytes:
    """Quantizes the weights per channel and the activations of their operators, statically."""
    with tempfile.TemporaryDirectory() as folder, _quiet():
        quantized = Path(folder) / "int8.onnx"
        quantize_static(
            str(path),
            str(quantized),
            _Batches(calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=QUANTIZED,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return quantized.read_bytes()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the quantizer's advice, which it gives on the root logger, to itself."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


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
