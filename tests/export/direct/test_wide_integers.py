"""Integers beyond 32 bits: where the backend has them, the graph has them too."""

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers, ops
from onnx import TensorProto, helper, numpy_helper

import export
from export.certification.certify import certify
from export.direct import convert
from export.errors import CertificateError
from tests.arrays import array
from tests.tolerances import EXACT

DATA = np.array([[2**40, -(2**40) + 1, 5], [7, 2**35 + 3, -(2**33)]])
FUNCTIONS = {
    "multiply": lambda x: x * 3 + 1,
    "square": lambda x: x // 2**20 * x,
    "subtract": lambda x: x - 1,
    "floor_divide": lambda x: x // 3,
    "remainder": lambda x: x % 7,
    "power": lambda x: ops.power(x, 1),
    "negative": lambda x: -x,
    "absolute": ops.abs,
    "sign": ops.sign,
    "sum": lambda x: ops.sum(x, axis=1),
    "mean": lambda x: ops.mean(x, axis=1),
    "max": lambda x: ops.max(x, axis=1),
    "cumsum": lambda x: ops.cumsum(x, axis=1),
    "clip": lambda x: ops.clip(x, 0, 2**35),
    "maximum": lambda x: ops.maximum(x, 0),
    "where": lambda x: ops.where(x > 0, x, 0),
    "greater": lambda x: x > 2**34,
    "equal": lambda x: ops.equal(x, 2**40),
    "argmax": lambda x: ops.argmax(x, axis=1),
    "top_k": lambda x: ops.top_k(x, 2)[0],
    "sort": ops.sort,
    "concatenate": lambda x: ops.concatenate([x, ops.cast(x, "int32")]),
    "bitwise_xor": lambda x: ops.bitwise_xor(x, x - 1),
    "take": lambda x: ops.take(x, [1], axis=1),
    "stack": lambda x: ops.stack([x, x + 1]),
    "cast": lambda x: ops.cast(x, "float32") * 2,
    "true_divide": lambda x: x / 2,
    "add_layer": lambda x: layers.Add()([x, x]),
}


pytestmark = pytest.mark.skipif(
    keras.config.backend() == "jax", reason="JAX has integers of 32 bits"
)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_integers_beyond_32_bits_are_computed_as_the_backend_computes_them(name):
    data = keras.Input((3,), dtype="int64", name="data")
    model = keras.Model(data, {"made": FUNCTIONS[name](data)})
    expected = array(model(ops.convert_to_tensor(DATA, dtype="int64"))["made"])
    session = onnxruntime.InferenceSession(
        convert(model).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(None, {"data": DATA})
    assert found.dtype == expected.dtype
    EXACT.check(found, expected)


def test_a_graph_of_narrower_integers_is_stopped(tmp_path):
    data = keras.Input((3,), dtype="int64", name="data")
    model = keras.Model(data, {"made": data * 3 + 1})
    path = tmp_path / "model.onnx"
    export.to_onnx(model, path)
    narrow = helper.make_model(
        helper.make_graph(
            [
                helper.make_node("Cast", ["data"], ["small"], to=TensorProto.INT32),
                helper.make_node("Mul", ["small", "three"], ["product"]),
                helper.make_node("Add", ["product", "one"], ["sum"]),
                helper.make_node("Cast", ["sum"], ["made"], to=TensorProto.INT64),
            ],
            "narrow",
            [helper.make_tensor_value_info("data", TensorProto.INT64, ["batch", 3])],
            [helper.make_tensor_value_info("made", TensorProto.INT64, ["batch", 3])],
            [
                numpy_helper.from_array(np.array(number, "int32"), name)
                for name, number in (("three", 3), ("one", 1))
            ],
        ),
        opset_imports=[helper.make_opsetid("", 21)],
        ir_version=10,
    )
    onnx.save(narrow, path)
    with pytest.raises(CertificateError, match="made on ends inputs"):
        certify(model, path)
