"""Operations and bytes, against numbers worked out by hand."""

import math

import onnx
import pytest
from onnx import TensorProto, helper, save

from benchmarks.workload.cost import count

pytestmark = pytest.mark.once


def graph(path, nodes, inputs, outputs, weights=(), opset=18):
    """Saves a graph; inputs and outputs are name → shape, weights are name → shape of zeros."""
    described = [
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in side.items()]
        for side in (inputs, outputs)
    ]
    arrays = [
        helper.make_tensor(name, TensorProto.FLOAT, shape, [0.0] * math.prod(shape))
        for name, shape in dict(weights).items()
    ]
    made = helper.make_graph(nodes, "part", *described, arrays)
    imports = [helper.make_opsetid("", opset)]
    save(helper.make_model(made, opset_imports=imports, ir_version=10), path)
    return path


def test_product_counts_a_multiplication_and_an_addition_per_weight_and_row(tmp_path):
    node = helper.make_node("Gemm", ["x", "w", "b"], ["y"])
    path = graph(
        tmp_path / "part.onnx",
        [node],
        {"x": ["batch", 5]},
        {"y": ["batch", 7]},
        {"w": (5, 7), "b": (7,)},
    )
    cost = count(path, batch=3)
    assert cost.flops == 2 * 3 * 5 * 7
    assert cost.bytes == cost.traffic == 4 * (3 * 5 + 3 * 7 + 5 * 7 + 7)


def test_convolution_counts_its_kernel_at_every_output_and_intermediates_are_traffic(tmp_path):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["h"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["h"], ["y"]),
    ]
    inputs, outputs = {"x": ["batch", 2, 8, 8]}, {"y": ["batch", 6, 4, 4]}
    path = graph(tmp_path / "part.onnx", nodes, inputs, outputs, {"w": (6, 2, 4, 4)})
    cost = count(path, batch=1)
    made = 6 * 4 * 4
    assert cost.flops == 2 * made * 2 * 4 * 4 + made
    assert cost.bytes == 4 * (2 * 8 * 8 + made + 6 * 2 * 4 * 4)
    assert cost.traffic == cost.bytes + 4 * 2 * made


def test_transposed_convolution_counts_its_kernel_at_every_input(tmp_path):
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], pads=[1, 1, 1, 1])
    inputs, outputs = {"x": ["batch", 6, 4, 4]}, {"y": ["batch", 2, 8, 8]}
    path = graph(tmp_path / "part.onnx", [node], inputs, outputs, {"w": (6, 2, 4, 4)})
    assert count(path, batch=2).flops == 2 * (2 * 6 * 4 * 4) * (2 * 4 * 4)


def test_group_normalization_keeps_the_shape_of_its_input(tmp_path):
    nodes = [
        helper.make_node("GroupNormalization", ["x", "scale", "bias"], ["h"], num_groups=1),
        helper.make_node("Relu", ["h"], ["y"]),
    ]
    inputs, outputs = {"x": ["batch", 2, 3, 3]}, {"y": ["batch", 2, 3, 3]}
    weights = {"scale": (2,), "bias": (2,)}
    path = graph(tmp_path / "part.onnx", nodes, inputs, outputs, weights, opset=21)
    assert count(path, batch=5).flops == 2 * (5 * 2 * 3 * 3)


def test_reshaping_computes_nothing(tmp_path):
    node = helper.make_node("Flatten", ["x"], ["y"])
    path = graph(tmp_path / "part.onnx", [node], {"x": ["batch", 2, 3]}, {"y": ["batch", 6]})
    assert count(path, batch=4).flops == 0


def test_a_recurrent_layer_counts_its_weights_at_every_step(tmp_path):
    steps, inputs_size, units = 7, 3, 2
    node = helper.make_node("LSTM", ["x", "w", "r"], ["", "h"], hidden_size=units)
    weights = {"w": (1, 4 * units, inputs_size), "r": (1, 4 * units, units)}
    inputs, outputs = {"x": [steps, "batch", inputs_size]}, {"h": [1, "batch", units]}
    path = graph(tmp_path / "part.onnx", [node], inputs, outputs, weights)
    proto = onnx.load(path)
    proto.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 5
    onnx.save(proto, path)
    each = 4 * units * (inputs_size + units)
    assert count(path, batch=5).flops == 2 * steps * 5 * each


def test_a_scan_counts_its_body_at_every_step(tmp_path):
    def described(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    body = helper.make_graph(
        [helper.make_node("Gemm", ["s", "w"], ["t"]), helper.make_node("Add", ["t", "i"], ["o"])],
        "body",
        [described("s", [None, 4]), described("i", [None, 4])],
        [described("t", [None, 4]), described("o", [None, 4])],
    )
    nodes = [
        helper.make_node("Transpose", ["x"], ["steps"], perm=[1, 0, 2]),
        helper.make_node("Scan", ["s0", "steps"], ["last", "y"], body=body, num_scan_inputs=1),
    ]
    inputs = {"s0": ["batch", 4], "x": ["batch", 6, 4]}
    outputs = {"last": ["batch", 4], "y": [6, "batch", 4]}
    path = graph(tmp_path / "part.onnx", nodes, inputs, outputs, {"w": (4, 4)})
    assert count(path, batch=3).flops == 6 * (2 * 3 * 4 * 4 + 3 * 4)
