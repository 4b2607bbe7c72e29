"""Names, shapes and dtypes of a Keras model's inputs and outputs: those its ONNX graph has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from export.errors import ExportError


@dataclass(frozen=True)
class TensorSpec:
    """A named input or output; `None` in the shape stands for any size, the batch comes first."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]

    @property
    def is_float(self) -> bool:
        return "float" in self.dtype

    @property
    def is_integer(self) -> bool:
        return "int" in self.dtype


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a model, in the order of its flattened structures."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


def signature(model: Any) -> Signature:
    """Reads the signature of a functional or Sequential Keras model.

    Inputs are named by `keras.Input(name=...)`; outputs by their key where the model returns a
    dictionary, else by the layer that makes them (numbered where one layer makes several).

    Raises:
        ExportError: The model is not built, or is not a graph of layers.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise ExportError(
            f"Only a Keras model can be exported. Received: {type(model).__name__}. "
            f"Accepted: a functional model or keras.Sequential."
        )
    if isinstance(model, keras.Sequential) and not model.built:
        raise ExportError(
            f"A model must be built before it is exported. Received: {model.name!r}, whose input "
            f"shape is unknown. Give it a keras.Input or call it once."
        )
    if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
        raise ExportError(
            f"Only a graph of layers can be exported. Received: the subclassed model "
            f"{model.name!r}. Accepted: keras.Model(inputs, outputs), keras.Sequential, or an "
            f"input_signature that the model is called on."
        )
    return Signature(
        inputs=tuple(_tensor(tensor.name, tensor) for tensor in model.inputs),
        outputs=tuple(map(_tensor, _output_names(model), model.outputs)),
    )


def graph_of(model: Any) -> Any:
    """The functional graph of a model: itself, or what `keras.Sequential` keeps inside."""
    return getattr(model, "_functional", None) or model


def _tensor(name: str, tensor: Any) -> TensorSpec:
    return TensorSpec(name, tensor.dtype, tuple(tensor.shape))


def _output_names(model: Any) -> list[str]:
    import keras

    names = []
    for path, tensor in keras.tree.flatten_with_path(graph_of(model).output):
        keys = [key for key in path if isinstance(key, str)]
        names.append("_".join(keys) or tensor._keras_history.operation.name)
    return unique(names)


def unique(names: Sequence[str]) -> list[str]:
    """Numbers the names that come again, past every name that there is: `d, d_1, d_2`."""
    found: list[str] = []
    for name in names:
        number, candidate = 0, name
        while candidate in found or (number and candidate in names):
            number += 1
            candidate = f"{name}_{number}"
        found.append(candidate)
    return found


def side_of(axis: tuple[str, int]) -> tuple[str, int]:
    """What inputs have one length with: those whose names begin with the same word.

    So begin, by convention, the names of what an encoder reads and of what a decoder reads.
    """
    name, number = axis
    return name.partition("_")[0], number
