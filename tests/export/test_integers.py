"""How many values integer inputs take, by what graphs do with them."""

import keras
import numpy as np
import onnx
import pytest
from keras import layers, ops
from onnx import TensorProto, helper, numpy_helper

import export
from export.certification.integers import NUMBERS, numbers, ranges

pytestmark = pytest.mark.once

FLOAT, BOOL, INT64 = TensorProto.FLOAT, TensorProto.BOOL, TensorProto.INT64
ROWS = numpy_helper.from_array(np.ones((7, 2), "float32"), "rows")
DEPTH = numpy_helper.from_array(np.array([5]), "depth")
ENDS = numpy_helper.from_array(np.array([0.0, 1.0], "float32"), "ends")
ONE = numpy_helper.from_array(np.array([1], "int32"), "one")
LOOKUP = helper.make_node("Gather", ["rows", "moved"], ["y"])
MOVED = helper.make_node("Unsqueeze", ["x", "one"], ["moved"])


def _graph(*nodes, name="x", dtype=TensorProto.INT32):
    given = helper.make_tensor_value_info(name, dtype, ["batch", 3])
    made = helper.make_tensor_value_info("y", FLOAT, None)
    return helper.make_model(helper.make_graph(nodes, "g", [given], [made], [ROWS, DEPTH, ENDS]))


def _cast(to, source="x"):
    return helper.make_node("Cast", [source], ["y"], to=to)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([MOVED, LOOKUP], 7),
        ([helper.make_node("OneHot", ["x", "depth", "ends"], ["y"])], 5),
        ([MOVED, LOOKUP, helper.make_node("OneHot", ["x", "depth", "ends"], ["z"])], 5),
        ([_cast(BOOL)], 2),
        ([helper.make_node("Mul", ["x", "x"], ["z"]), _cast(BOOL, "z")], 2),
        ([_cast(FLOAT)], NUMBERS),
        ([helper.make_node("Equal", ["x", "x"], ["y"])], NUMBERS),
        ([_cast(INT64), helper.make_node("Gather", ["rows", "y"], ["z"])], 7),
    ],
)
def test_what_a_graph_reads(nodes, expected):
    assert ranges(_graph(*nodes)) == {"x": expected}


@pytest.mark.parametrize(
    "nodes",
    [
        [helper.make_node("Add", ["x", "x"], ["moved"]), LOOKUP],  # places that are computed
        [helper.make_node("Gather", ["table", "x"], ["y"])],  # of a table that is computed
        [helper.make_node("ConstantOfShape", ["x"], ["y"])],
    ],
)
def test_what_a_graph_does_not_tell(nodes):
    assert ranges(_graph(*nodes)) == {}


def test_a_mask_is_of_zeros_and_ones_by_its_name_and_bytes_have_their_own_range():
    assert ranges(_graph(helper.make_node("Cast", ["A_mask"], ["y"], to=FLOAT), name="A_mask")) == {
        "A_mask": 2
    }
    assert ranges(_graph(_cast(FLOAT), dtype=TensorProto.INT8)) == {"x": 128}
    assert ranges(_graph(_cast(FLOAT), dtype=FLOAT)) == {}


def test_tokens_and_their_mask_need_no_cardinality(tmp_path):
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    valid = keras.Input((None,), dtype="int32", name="valid")
    x = layers.Embedding(9, 4)(tokens)
    shown = ops.expand_dims(ops.cast(ops.cast(valid, "bool"), "float32"), -1)
    model = keras.Model([tokens, valid], layers.Dense(2)(x * shown))
    certificate = export.to_onnx(model, tmp_path / "m.onnx")
    assert "valid: drawn from 0 to 1, as the graph reads it; cardinality= draws from others" in (
        certificate.notes
    )
    assert not any(note.startswith("tokens:") for note in certificate.notes)
    named = export.to_onnx(model, tmp_path / "m.onnx", cardinality={"valid": 3})
    assert not any(note.startswith("valid:") for note in named.notes)


def test_the_body_of_a_loop_is_not_followed():
    body = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["inner"])],
        "body",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.INT32, None)],
    )
    condition = numpy_helper.from_array(np.array(True), "condition")
    node = helper.make_node("If", ["condition"], ["y"], then_branch=body, else_branch=body)
    model = _graph(node)
    model.graph.initializer.append(condition)
    assert ranges(model) == {}
    assert isinstance(model, onnx.ModelProto)


def test_numbers_are_told_from_places_and_from_truth():
    lookup = helper.make_node("Gather", ["table", "x"], ["y"])
    table = numpy_helper.from_array(np.zeros((NUMBERS, 2), "float32"), "table")
    assert numbers(_graph(_cast(FLOAT))) == {"x"}
    assert numbers(_graph(_cast(BOOL))) == set()
    looked_up = _graph(lookup)
    looked_up.graph.initializer.append(table)
    assert ranges(looked_up) == {"x": NUMBERS}
    assert numbers(looked_up) == set()
