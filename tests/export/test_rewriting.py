"""Graphs rewritten in bfloat16: known roundings, valid at every opset, folded when opened."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from export import direct
from export.direct.conversion import OLDEST_OPSET, newest_opset
from export.precision import convert
from export.runtime.engine import open_session, run
from export.runtime.openvino import Network
from tests.tolerances import CERTIFICATE, EXACT

# A float32 number and the bfloat16 next to it, which has eight significant bits.
ROUNDED = {
    257.0: 256.0,  # between 256 and 258: a tie goes to the even last bit, down
    259.0: 260.0,  # between 258 and 260: a tie, up
    -257.0: -256.0,
    257.0001: 258.0,
    1.0 + 2**-8: 1.0,
    1.0 + 3 * 2**-8: 1.0 + 2**-6,
    1 / 3: 0.333984375,  # 171 / 512
    0.1: 0.10009765625,  # 205 / 2048
    -1.5: -1.5,
}


def product(*initializers):
    """The graph `data @ weights + bias`, of the given initializers."""
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 16])
        for name in ("data", "sum")
    ]
    nodes = [
        helper.make_node("MatMul", ["data", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
    ]
    graph = helper.make_graph(nodes, "product", ports[:1], ports[1:], list(initializers))
    opset = helper.make_opsetid("", 21)
    return helper.make_model(graph, opset_imports=[opset], ir_version=10).SerializeToString()


@pytest.mark.once
def test_weights_round_to_the_nearest_bfloat16_ties_to_even():
    weights = np.zeros((16, 16), "float32")
    weights[0, : len(ROUNDED)] = list(ROUNDED)
    bias = np.full(16, 257.0, "float32")
    content = product(
        numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")
    )
    answer = run(open_session(convert.bfloat16(content)), {"data": np.eye(16, dtype="float32")})[
        "sum"
    ]
    expected = np.zeros((16, 16), "float32")
    expected[0, : len(ROUNDED)] = list(ROUNDED.values())
    EXACT.check(answer, expected + bias)  # the bias has one axis and is not rounded


@pytest.mark.once
def test_small_tensors_and_integers_stay_as_they_are():
    content = product(
        numpy_helper.from_array(np.zeros((16, 16), "float32"), "weights"),
        numpy_helper.from_array(np.zeros((1, 16), "float32"), "bias"),
        numpy_helper.from_array(np.zeros((16, 16), "int64"), "indices"),
    )
    found = onnx.load_from_string(convert.bfloat16(content)).graph.initializer
    types = {tensor.name: tensor.data_type for tensor in found}
    assert types == {
        "weights/bfloat16": TensorProto.BFLOAT16,
        "bias": TensorProto.FLOAT,
        "indices": TensorProto.INT64,
    }


@pytest.mark.parametrize("name", ["vae", "vq_vae"])
def test_bfloat16_is_valid_and_folded_at_every_opset(models, tmp_path, name):
    network = models[name].parts()["decoder"]
    for opset in range(OLDEST_OPSET, newest_opset() + 1):
        content = convert.bfloat16(
            direct.convert(network, opset=opset).SerializeToString(deterministic=True)
        )
        proto = onnx.load_from_string(content)
        onnx.checker.check_model(proto, full_check=True)
        assert TensorProto.BFLOAT16 in {tensor.data_type for tensor in proto.graph.initializer}
        assert "Cast" not in optimized(content, tmp_path / "optimized.onnx")
        session = open_session(content)
        feed = {port.name: feed_of(port) for port in session.get_inputs()}
        CERTIFICATE.check(run(Network(content), feed)["data"], run(session, feed)["data"])


def optimized(content, path):
    """The operators that ONNX Runtime runs, after all its optimizations."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return {node.op_type for node in onnx.load(path).graph.node}


def feed_of(port):
    shape = (2, *port.shape[1:])
    if "int" in port.type:
        return np.arange(np.prod(shape), dtype="int32").reshape(shape) % 8
    return np.random.default_rng(0).standard_normal(shape, dtype="float32")
