"""Runs a model through Keras and through ONNX Runtime, and compares."""

import keras
import numpy as np
import onnxruntime

from export.direct import convert
from export.direct.registry import Array
from tests.tolerances import CERTIFICATE


def draw(spec: Array, rng: np.random.Generator) -> np.ndarray:
    """Random values of the shape, dtype and range of a test argument."""
    if spec.dtype == "bool":
        return rng.random(spec.shape) < 0.5
    if spec.dtype == "float32":
        return rng.uniform(spec.low, spec.high, spec.shape).astype("float32")
    return rng.integers(int(spec.low), int(spec.high), spec.shape).astype(spec.dtype)


def run_onnx(proto, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Every output of the ONNX model, in order."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    known = {value.name for value in session.get_inputs()}
    return session.run(None, {name: array for name, array in inputs.items() if name in known})


def arrays_of(outputs) -> list[np.ndarray]:
    """A structure of Keras tensors as a flat list of arrays."""
    return [np.asarray(keras.ops.convert_to_numpy(x)) for x in keras.tree.flatten(outputs)]


def assert_same(actual: list[np.ndarray], expected: list[np.ndarray], name: str = "outputs"):
    """Shapes, kinds and values agree, values within a certificate's tolerance."""
    assert len(actual) == len(expected)
    for ours, theirs in zip(actual, expected, strict=True):
        assert ours.shape == theirs.shape, name
        assert ours.dtype.kind == theirs.dtype.kind, name
        if theirs.dtype.kind == "f":
            CERTIFICATE.check(ours, theirs.astype("float32"), name=name)
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)


def check(model, *inputs: np.ndarray, opset: int | None = None):
    """Convert a model, compare it with Keras on `inputs`, and return the ONNX model."""
    proto = convert(model, opset=opset)
    given = {symbol.name: array for symbol, array in zip(model.inputs, inputs, strict=True)}
    expected = arrays_of(model(list(inputs) if len(inputs) > 1 else inputs[0], training=False))
    assert_same(run_onnx(proto, given), expected, name=model.name)
    return proto


def count(proto, operator: str) -> int:
    """How many nodes of a kind a graph has."""
    return sum(node.op_type == operator for node in proto.graph.node)
