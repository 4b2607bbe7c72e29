"""The certificate of a large model: few shapes to compile, and several samples nonetheless."""

import keras
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import export
from export.certification import edges
from export.certification.certify import certify
from export.errors import CertificateError


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    monkeypatch.setattr(edges, "LARGE_WEIGHTS", -1)


def doubling(shape):
    inputs = keras.Input(shape, name="x")
    return keras.Model(inputs, keras.layers.Rescaling(2.0, name="y")(inputs), name="doubling")


def test_one_sample_of_each_family_and_three_real_ones(tmp_path):
    real = {"x": np.ones((5, 4), "float32")}
    certificate = export.to_onnx(doubling((4,)), tmp_path / "m.onnx", inputs=real)
    families = {row.family: row.inputs for row in certificate.deviations}
    assert families.pop("real") == 3
    assert families == dict.fromkeys(
        ("normal", "uniform", "large", "zeros", "kinks", "huge", "vast", "tiny", "ends"), 1
    )
    assert certificate.batches == (1,)
    assert "a large model: single samples of each family, and one batch of two" in certificate.notes


def test_both_choices_of_an_unknown_size_are_compared(tmp_path):
    certificate = export.to_onnx(doubling((None, 2)), tmp_path / "m.onnx")
    (row,) = [row for row in certificate.deviations if row.family == "normal"]
    assert row.inputs == 2
    (note,) = [note for note in certificate.notes if "other sizes" in note]
    assert note.count("×2") == 2


def test_a_quick_one_says_both(tmp_path):
    certificate = export.to_onnx(doubling((4,)), tmp_path / "m.onnx", certify="quick")
    assert certificate.notes[0].startswith("quick: ")
    assert certificate.notes[1] == "a large model: single samples of each family"


@pytest.mark.once
def test_a_graph_that_is_right_for_single_samples_alone_is_found(tmp_path):
    """Its rows are all the first one's."""
    model, path = doubling((4,)), tmp_path / "m.onnx"
    ends = [numpy_helper.from_array(np.array([end]), name) for name, end in (("0", 0), ("1", 1))]
    nodes = [
        helper.make_node("Add", ["x", "x"], ["doubled"]),
        helper.make_node("Slice", ["doubled", "0", "1", "0"], ["first"]),
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Expand", ["first", "shape"], ["y"]),
    ]
    ports = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, 4]) for name in "xy"
    ]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:], ends)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    path.write_bytes(made.SerializeToString())
    with pytest.raises(CertificateError, match="A batch of 2 differs from the native model in y"):
        certify(model, path)


@pytest.mark.once
def test_rows_that_depend_on_each_other_are_compared_with_the_model(tmp_path):
    inputs = keras.Input((4,), name="x")
    centred = inputs - keras.ops.mean(inputs, axis=0, keepdims=True)
    export.to_onnx(keras.Model(inputs, centred), tmp_path / "m.onnx")
