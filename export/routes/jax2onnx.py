"""JAX's converter, jax2onnx, on a model's call."""

from __future__ import annotations

from typing import Any

import jax
import jax2onnx
import onnx

from export.routes.flat import flat_call, rename
from export.signature import signature

DEFAULT_OPSET = 23


def convert(model: Any, opset: int | None = None) -> onnx.ModelProto:
    """Converts a functional or Sequential Keras model that runs on JAX."""
    names = signature(model)
    scope = jax.export.SymbolicScope()
    specs = []
    for tensor in names.inputs:
        sizes = [
            ("batch" if axis == 0 else f"{tensor.name}_{axis}") if length is None else str(length)
            for axis, length in enumerate(tensor.shape)
        ]
        shape = jax.export.symbolic_shape(", ".join(sizes), scope=scope)
        specs.append(jax.ShapeDtypeStruct(shape, tensor.dtype))
    try:
        proto = jax2onnx.to_onnx(
            flat_call(model), specs, model_name=model.name, opset=opset or DEFAULT_OPSET
        )
    except jax.errors.InconclusiveDimensionOperation as error:
        raise ValueError(f"JAX must know a size that is not fixed: {error}") from error
    rename(proto, [t.name for t in names.inputs], [t.name for t in names.outputs])
    return proto
