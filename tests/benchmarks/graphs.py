"""A Keras model of one dense layer and its ONNX graph, made by hand."""

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def dense_model(features=8, units=4):
    """`"data"` → `"code"`, with weights from NumPy."""
    rng = np.random.default_rng([0])
    data = keras.Input((features,), name="data")
    code = keras.layers.Dense(units, name="code")(data)
    model = keras.Model({"data": data}, {"code": code}, name="encoder")
    model.set_weights([rng.standard_normal(w.shape).astype("float32") for w in model.weights])
    return model


def save_dense_graph(model, path, *, offset=0.0):
    """Writes the model's graph; `offset` is added to the bias to make it wrong."""
    kernel, bias = model.get_weights()
    node = helper.make_node("Gemm", ["data", "kernel", "bias"], ["code"])
    graph = helper.make_graph(
        [node],
        "encoder",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["batch", kernel.shape[0]])],
        [helper.make_tensor_value_info("code", TensorProto.FLOAT, ["batch", kernel.shape[1]])],
        [
            numpy_helper.from_array(kernel, "kernel"),
            numpy_helper.from_array(bias + np.float32(offset), "bias"),
        ],
    )
    imports = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=10), path)
