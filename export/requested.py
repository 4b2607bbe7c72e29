"""The graph to export: a model as it is, called on an input signature, or in float32."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from export.errors import ExportError
from export.signature import signature

LOW = ("float16", "bfloat16", "float64")


def requested(model: Any, input_signature: Any = None) -> Any:
    """Returns a functional model: the one given, or that of a call on the input signature.

    Args:
        model: Any Keras model.
        input_signature: The arguments of a call, in the structure that the model takes: shapes with
            their batch, arrays, `keras.Input` tensors or `keras.InputSpec`s. A dictionary of the
            names of arguments gives each its own.

    Raises:
        ExportError: The model has no graph of its own and no signature is given, or it cannot be
            called on the signature.
    """
    import keras

    if input_signature is None or not isinstance(model, keras.Model):
        return model
    names = _known_names(model)
    inputs = _inputs(input_signature, names[0])
    try:
        outputs = _called(model, inputs)
    except Exception as error:  # a model's own `call` raises whatever it does
        raise ExportError(
            f"A model must take its input signature. Received: {input_signature!r} for "
            f"{model.name!r}, which raises {type(error).__name__}: {_first_line(error)}. "
            "Accepted: the structure that the model is called with."
        ) from error
    return keras.Model(inputs, _named(outputs, names[1]), name=model.name)


def in_float32(model: Any) -> Any:
    """Returns a model that computes in float32 with the same weights; one that does is returned.

    Raises:
        ExportError: The model cannot be made from its configuration.
    """
    import keras

    if not computes_below_float32(model):
        return model
    try:
        config = _replaced(model.get_config())
        copy = type(model).from_config(config)
    except Exception as error:  # a class of one's own may hold anything
        raise ExportError(
            f"A model must compute in float32 to be certified. Received: {model.name!r}, which "
            f"cannot be made anew from its configuration: {_first_line(error)}. Rebuild it with "
            "dtype='float32' and set the same weights."
        ) from error
    for target, source in zip(copy.weights, model.weights, strict=True):
        target.assign(keras.ops.cast(source.value, target.dtype))
    return copy


def computes_below_float32(model: Any) -> str:
    """Names the first floating type that is not float32; empty where there is none."""
    for tensor in model.inputs:
        if tensor.dtype in LOW:
            return tensor.dtype
    for layer in model._flatten_layers():
        if layer.compute_dtype in LOW:
            return layer.compute_dtype
    return ""


def _known_names(model: Any) -> tuple[list[str], list[str]]:
    if not getattr(model, "inputs", None):
        return [], []
    known = signature(model)
    return [x.name for x in known.inputs], [x.name for x in known.outputs]


def _inputs(given: Any, names: list[str]) -> Any:
    import keras

    position = iter(range(10**6))

    def make(name: str | None, leaf: Any) -> Any:
        index = next(position)
        if isinstance(leaf, keras.KerasTensor):
            return keras.Input(batch_shape=leaf.shape, dtype=leaf.dtype, name=name or leaf.name)
        named = names[index] if index < len(names) else None
        dtype = getattr(leaf, "dtype", None)
        shape = tuple(leaf) if _is_shape(leaf) else tuple(leaf.shape)
        text = str(dtype).removeprefix("torch.") if dtype is not None else "float32"
        return keras.Input(batch_shape=shape, dtype=text, name=name or named)

    def walk(name: str | None, part: Any) -> Any:
        if isinstance(part, Mapping):
            return {key: walk(str(key), value) for key, value in part.items()}
        if isinstance(part, (list, tuple)) and not _is_shape(part):
            return [walk(None, value) for value in part]
        if not _is_shape(part) and not hasattr(part, "shape"):
            raise ExportError(
                f"An input signature must hold shapes. Received: {part!r}. Accepted: a tuple such "
                "as (None, 28, 28, 1), an array, keras.Input or keras.InputSpec, or a list or "
                "dictionary of them."
            )
        return make(name, part)

    return walk(None, given)


def _is_shape(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(
        size is None or (isinstance(size, int) and not isinstance(size, bool)) for size in value
    )


def _called(model: Any, inputs: Any) -> Any:
    parameters = inspect.signature(model.call).parameters
    if isinstance(inputs, dict) and not model.built and set(inputs) <= set(parameters):
        return model(**inputs)
    if isinstance(inputs, dict) and set(inputs) <= set(parameters) and "inputs" not in parameters:
        return model(**inputs)
    positional = [p for p in parameters.values() if p.default is p.empty and p.name != "self"]
    if isinstance(inputs, list) and len(positional) == len(inputs) > 1:
        return model(*inputs)
    return model(inputs)


def _named(outputs: Any, names: list[str]) -> Any:
    """The outputs as a dictionary, named as the model names them or else in turn."""
    import keras

    if isinstance(outputs, dict):
        return outputs
    flat = [x for x in keras.tree.flatten(outputs) if x is not None]
    if len(names) != len(flat):
        names = ["output"] if len(flat) == 1 else [f"output_{i}" for i in range(len(flat))]
    return dict(zip(names, flat, strict=True))


def _replaced(config: Any) -> Any:
    """A configuration with float32 in the place of every other floating type."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":
            return "float32"
        return {key: _replaced(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(map(_replaced, config))
    policies = (*LOW, *(f"mixed_{dtype}" for dtype in LOW))
    return "float32" if isinstance(config, str) and config in policies else config


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
