"""TensorFlow's converter, tf2onnx, on the concrete function of a model's call."""

from __future__ import annotations

from typing import Any

import onnx
import tensorflow as tf
import tf2onnx.convert

from export.routes.flat import flat_call, rename
from export.signature import signature

DEFAULT_OPSET = 18


def convert(model: Any, opset: int | None = None) -> onnx.ModelProto:
    """Converts a functional or Sequential Keras model that runs on TensorFlow."""
    names = signature(model)
    specs = [tf.TensorSpec(t.shape, t.dtype, name=t.name) for t in names.inputs]
    function = tf.function(flat_call(model), input_signature=specs)
    proto, _ = tf2onnx.convert.from_function(
        function, input_signature=specs, opset=opset or DEFAULT_OPSET
    )
    rename(proto, [t.name for t in names.inputs], [t.name for t in names.outputs])
    return proto
