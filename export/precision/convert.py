"""Float32 graphs rewritten in lower precision; their inputs and outputs stay float32.

float16: weights and arithmetic. bfloat16: weights are rounded as they are stored, arithmetic stays
float32. int8: weights, and the activations of the operators that hold them.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
from onnx import helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.transformers.float16 import convert_float_to_float16

from export.errors import ExportError
from export.runtime.engine import runtime_errors
from zoo.files import UNREADABLE

QUANTIZED = ["Conv", "ConvTranspose", "Gemm", "MatMul"]  # where the weights are
SEVERITY_WARNING, SEVERITY_ERROR = 2, 3  # of ONNX Runtime's logger, the first its default
MIN_CAST_VALUES = 256  # A tensor of fewer values saves less than its Cast takes in the file.

Arrays = Mapping[str, np.ndarray]


def float16(content: bytes) -> bytes:
    """Casts weights and arithmetic to float16; what it cannot express stays float32."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # weights out of range are cut off: the bounds tell
        model = onnx.load_from_string(content)
        graph = ir.from_proto(convert_float_to_float16(model, keep_io_types=True))
    graph.graph.sort()  # the converter appends its casts at the end
    return ir.to_proto(graph).SerializeToString(deterministic=True)


def bfloat16(content: bytes) -> bytes:
    """Rounds weights to bfloat16, ties to even, and casts each back to float32.

    ONNX Runtime, whose processor kernels compute nothing in bfloat16, folds the casts as it opens
    the graph. What has one axis (a bias) or few values stays float32.
    """
    model = onnx.load_from_string(content)
    casts = []
    for tensor in model.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.dtype != np.float32 or weights.ndim < 2 or weights.size < MIN_CAST_VALUES:
            continue
        name, stored = tensor.name, f"{tensor.name}/bfloat16"
        tensor.CopyFrom(numpy_helper.from_array(weights.astype(ml_dtypes.bfloat16), stored))
        casts.append(
            helper.make_node("Cast", [stored], [name], f"{name}/Cast", to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model.SerializeToString(deterministic=True)


def int8(content: bytes, calibration: Arrays) -> bytes:
    """Quantizes the weights per channel and the activations of their operators, statically.

    Raises:
        ExportError: ONNX Runtime's quantizer cannot rewrite the graph.
    """
    failures: tuple[type[BaseException], ...] = (*UNREADABLE, *runtime_errors())
    with tempfile.TemporaryDirectory() as folder, _quiet():
        given, quantized = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        given.write_bytes(content)
        try:
            quantize_static(
                str(given),
                str(quantized),
                _Batches(calibration),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=QUANTIZED,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
        except failures as error:
            raise ExportError(f"The graph cannot be quantized to int8: {error}") from error
        return quantized.read_bytes()


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


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences the quantizer's advice, which comes from the root logger and ONNX Runtime's own."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    onnxruntime.set_default_logger_severity(SEVERITY_ERROR)
    try:
        yield
    finally:
        onnxruntime.set_default_logger_severity(SEVERITY_WARNING)
        logging.disable(before)
