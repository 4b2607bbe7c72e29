"""Keras model to ONNX model, through Keras's own graph."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import keras
import onnx
import onnx_ir as ir
import onnxruntime
from onnx_ir.passes import common

from export.direct import handlers, keras_graph  # noqa: F401  (importing handlers fills the tables)
from export.direct.graph import Graph
from export.direct.passes import optimize
from export.direct.tensor import FLOATS, ONNX_TYPES, Tensor, float32
from export.direct.tracing import Shapes, traced
from export.direct.walker import Walker
from export.errors import ExportError
from export.storage import is_large

# Opset 21 is the first with both Gelu and a GroupNormalization of one scale per channel; ONNX
# Runtime reads it since 1.18 (May 2024), OpenVINO since 2024.3.
DEFAULT_OPSET = 21
OLDEST_OPSET = 17


def convert(
    keras_model: Any,
    *,
    opset: int | None = None,
    name: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> onnx.ModelProto:
    """Converts a functional or sequential Keras model, on any backend, into an ONNX model.

    Inputs are named after `keras.Input`, outputs after their key in a dictionary or the layer that
    makes them; the first dimension is "batch". Layers run in inference mode. All floating-point
    tensors are float32, also in a mixed-precision model.

    Args:
        keras_model: A built `keras.Sequential` or functional `keras.Model`.
        opset: 17 to `newest_opset()`; 21 by default.
        name: Name of the graph; the model's name by default.
        metadata: `metadata_props` of the ONNX model.

    Raises:
        UnsupportedOperation: A layer or an operation has no ONNX equivalent.
        ExportError: The model is not built, not functional, or has weights that are not finite,
            or the opset is unknown or the metadata are not text.
    """
    opset = DEFAULT_OPSET if opset is None else opset
    check_opset(opset)
    check_metadata(metadata or {})
    _check_is_graph(keras_model)
    _check_inputs(keras_model)

    graph = traced(
        keras_model,
        start=lambda: Graph(opset, name or keras_model.name),
        fill=lambda graph, shapes: _fill(keras_model, graph, shapes),
    )
    return _checked(graph, metadata or {})


def _fill(keras_model: Any, graph: Graph, shapes: Shapes) -> None:
    """Converts a model whose inputs have these shapes, unknown sizes among them."""
    known: dict[int, Tensor] = {}
    names = keras_graph.output_names(keras_model)
    with keras_graph.unknown_sizes():
        graph.reserve(names)
        for symbol, shape in zip(keras_model.inputs, shapes, strict=True):
            known[id(symbol)] = graph.input(symbol.name, shape, float32(symbol.dtype))
        outputs = Walker(graph).run(keras_graph.output_structure(keras_model), known)
        for output_name, tensor in zip(names, keras.tree.flatten(outputs), strict=True):
            graph.output(output_name, tensor)


def _check_inputs(keras_model: Any) -> None:
    for symbol in keras_model.inputs:
        if symbol.dtype not in (*ONNX_TYPES, *FLOATS):
            raise ExportError(
                f"An input must hold numbers. Received: {symbol.name!r} of dtype {symbol.dtype}. "
                "Look strings up in the data, and build the model from integers on."
            )


def check_opset(opset: int) -> None:
    """Raises unless the opset can be written and ONNX Runtime runs it."""
    newest = newest_opset()
    if not isinstance(opset, int) or not OLDEST_OPSET <= opset <= newest:
        raise ExportError(
            f"An opset must be a number from {OLDEST_OPSET} to {newest}, the newest that ONNX "
            f"Runtime {onnxruntime.__version__} supports. Received: {opset!r}."
        )


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Raises unless the metadata are text by text."""
    for key, value in metadata.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise ExportError(
                f"Metadata must be text by name. Received: {value!r} for {key!r}. "
                "Accepted: a dictionary of str to str."
            )


@cache
def newest_opset() -> int:
    """Returns the newest opset that the installed ONNX Runtime runs."""
    vector = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    result = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    nodes = [onnx.helper.make_node("Identity", ["x"], ["y"])]
    graph = onnx.helper.make_graph(nodes, "probe", [vector], [result])
    for opset in range(onnx.defs.onnx_opset_version(), OLDEST_OPSET, -1):
        imports = [onnx.helper.make_opsetid("", opset)]
        model = onnx.helper.make_model(graph, opset_imports=imports, ir_version=_ir_version(opset))
        try:
            onnxruntime.InferenceSession(
                model.SerializeToString(), providers=["CPUExecutionProvider"]
            )
        except onnxruntime.capi.onnxruntime_pybind11_state.Fail:
            continue
        return opset
    return OLDEST_OPSET


def _ir_version(opset: int) -> int:
    """Returns the oldest file format that has the opset."""
    return onnx.helper.find_min_ir_version_for([onnx.helper.make_opsetid("", opset)])


def _check_is_graph(model: Any) -> None:
    if isinstance(model, keras.Model) and not model.built:
        raise ExportError(
            f"A model must be built before it is exported. Received: {model.name!r}, unbuilt. "
            "Accepted: a model that was called on data, or starts with keras.Input."
        )
    if not keras_graph.is_graph(model):
        raise ExportError(
            "Only functional and sequential Keras models have a graph to convert. "
            f"Received: {type(model).__name__}. Accepted: keras.Sequential, or "
            "keras.Model(inputs, outputs) around the subclassed model."
        )


def _checked(graph: Graph, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """Optimizes the graph, infers its shapes and checks it in full mode."""
    model = ir.Model(
        graph.ir,
        ir_version=_ir_version(graph.opset),
        producer_name="genzoo",
        metadata_props=dict(metadata),
    )
    outputs = [(value.type, value.shape) for value in model.graph.outputs]
    optimize(model)
    for value, (kind, shape) in zip(model.graph.outputs, outputs, strict=True):
        value.type, value.shape = kind, shape  # also of a value that another has been merged into
    if is_large(ir.to_proto(model)):
        return ir.to_proto(model)  # Only a file with its weights beside it can be checked.
    common.CheckerPass(full_check=True)(model)  # infers the shapes strictly, and keeps none
    common.ShapeInferencePass(check_type=True, strict_mode=True, data_prop=True)(model)
    return ir.to_proto(model)
