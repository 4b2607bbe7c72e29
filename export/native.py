"""The native model as a pure function of named arrays, on the backend that Keras runs on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from export.errors import ExportError
from export.signature import Signature, graph_of, signature
from zoo import backends


class Native:
    """A Keras model in inference mode with full float32 products.

    Raises:
        ExportError: the model is not a built graph, computes below float32, holds NaN or infinite
            weights, or does not give the same answer twice.
    """

    def __init__(self, model: Any) -> None:
        self.signature: Signature = signature(model)
        self._model = model
        backends.current().pin_float32()
        _refuse_low_precision(model)
        _refuse_bad_weights(model)

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Maps input names to arrays → output names to arrays."""
        import keras

        values = [inputs[tensor.name] for tensor in self.signature.inputs]
        structured = keras.tree.pack_sequence_as(graph_of(self._model).input, values)
        outputs = keras.tree.flatten(self._model(structured, training=False))
        return {
            tensor.name: keras.ops.convert_to_numpy(output)
            for tensor, output in zip(self.signature.outputs, outputs, strict=True)
        }

    def refuse_state(self, inputs: Mapping[str, np.ndarray]) -> None:
        """Raises where a call in inference mode changes a variable, such as a random seed."""
        import keras

        variables = self._model.variables
        before = [np.copy(keras.ops.convert_to_numpy(v.value)) for v in variables]
        self(inputs)
        for variable, old in zip(variables, before, strict=True):
            if not np.array_equal(old, keras.ops.convert_to_numpy(variable.value)):
                raise ExportError(
                    f"An exported model must be a pure function of its inputs in inference mode. "
                    f"Received: {self._model.name!r}, which changes {variable.path!r} when it is "
                    f"called. Make random numbers an input of the model instead."
                )


def weights_sha256(model: Any) -> str:
    """Hash of every weight's dtype, shape and bytes, in the model's order; names do not count."""
    import keras

    digest = hashlib.sha256()
    for weight in model.weights:
        array = np.ascontiguousarray(keras.ops.convert_to_numpy(weight.value))
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _refuse_low_precision(model: Any) -> None:
    for layer in model._flatten_layers():
        if layer.compute_dtype not in ("float32", None):
            raise ExportError(
                f"A model must compute in float32 to be certified. Received: layer "
                f"{layer.name!r} of {model.name!r}, which computes in {layer.compute_dtype}. "
                f"Rebuild the model with dtype='float32' and set the same weights."
            )


def _refuse_bad_weights(model: Any) -> None:
    import keras

    for weight in model.weights:
        array = keras.ops.convert_to_numpy(weight.value)
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            raise ExportError(
                f"Weights must be finite to be exported. Received: {weight.path!r} of "
                f"{model.name!r} with {int(np.sum(~np.isfinite(array)))} NaN or infinite values."
            )
