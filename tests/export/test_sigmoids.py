"""Closed gates on large inputs: what ONNX Runtime's Sigmoid adds, and what else is wrong."""

import keras
import numpy as np
import onnx
import pytest
from keras import ops
from onnx import numpy_helper

import export
from export.certification.certify import certify
from export.certification.sigmoids import rewrite
from export.errors import CertificateError
from export.runtime.engine import open_session, run

pytestmark = pytest.mark.once


@pytest.fixture
def gated():
    """A gate of -17 or -20, which should let some 4e-8 and 2e-9 of its input through."""
    data = keras.Input((4,), name="data")
    gate = ops.sigmoid(ops.sign(data) * 1.5 - 18.5)
    return keras.Model(data, {"made": 1e4 * ops.tanh(1e-3 * data) * gate})


def test_a_gate_that_is_all_but_closed_is_certified_and_named(gated, tmp_path):
    certificate = export.to_onnx(gated, tmp_path / "model.onnx")
    assert any("made on large inputs agrees but for" in note for note in certificate.notes)
    assert certificate.passed


def test_another_fault_beside_the_gate_is_not_excused(gated, tmp_path):
    path = tmp_path / "model.onnx"
    export.to_onnx(gated, path)
    model = onnx.load(path)
    for entry in model.graph.initializer:
        array = numpy_helper.to_array(entry)
        if np.any(np.isclose(array, 1e4)):
            entry.CopyFrom(numpy_helper.from_array(array * np.float32(3e2), entry.name))
    onnx.save(model, path)
    with pytest.raises(CertificateError, match="made on"):
        certify(gated, path)


def test_a_rewritten_sigmoid_is_exact(gated, tmp_path):
    path = tmp_path / "model.onnx"
    export.to_onnx(gated, path)
    model = onnx.load(path)
    assert rewrite(model.graph)
    assert not rewrite(model.graph)
    data = np.array([[-900, -1, 1, 900]], "float32")
    (made,) = run(open_session(model.SerializeToString()), {"data": data}).values()
    gates = 1 / (1 + np.exp(-(np.sign(data) * 1.5 - 18.5).astype("float64")))
    np.testing.assert_allclose(made, 1e4 * np.tanh(1e-3 * data) * gates, rtol=1e-5)
