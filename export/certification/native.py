"""The native model as a pure function of named arrays, on the backend that Keras runs on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from export.errors import ExportError, NativeError
from export.requested import computes_below_float32, in_float32
from export.signature import Signature, graph_of, signature
from zoo import backends


class Native:
    """A Keras model in inference mode with full float32 products.

    Raises:
        ExportError: The model is not a built graph, holds NaN or infinite weights, or does not
            give the same answer twice. One that computes below float32 is made anew in float32.
    """

    def __init__(self, model: Any) -> None:
        signature(model)  # rejects what is no graph
        low = computes_below_float32(model)
        self.notes = (f"computed in float32 instead of {low}",) if low else ()
        model = in_float32(model)
        self.signature: Signature = signature(model)
        _check_batch(self.signature)
        _check_names(self.signature)
        self.model = model
        # All but the trained weights: statistics that stay, and seeds that must not move.
        self._state = [variable for variable in model.variables if not variable.trainable]
        _check_weights(model)
        backend = backends.current()
        backend.pin_float32()
        self._place = backend.place
        # Compiled: a backend that compiles takes far longer over one operation at a time.
        self._step = backend.compile_step(self._call, model.variables, updates=False)

    @classmethod
    def of(cls, model: Any) -> Native:
        """The model as a function; one that is already is kept, with what it has compiled."""
        return model if isinstance(model, cls) else cls(model)

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Maps input names to arrays → output names to arrays.

        Integers are no wider than Keras declares, where that holds them; a backend may give wider
        ones, as PyTorch does in `top_k`.
        """
        outputs, _ = self._run(inputs)
        named = zip(self.signature.outputs, outputs, strict=True)
        return {tensor.name: _declared(array, tensor.dtype) for tensor, array in named}

    def check_pure(self, inputs: Mapping[str, np.ndarray]) -> None:
        """Raises where a call in inference mode moves a variable, such as a seed, that counts.

        A recurrent layer with dropout moves its seed in inference too, but reads no number of it.
        """
        before = [np.copy(_to_numpy(variable.value)) for variable in self._state]
        outputs, after = self._run(inputs)
        moved = [
            (variable, old, new)
            for variable, old, new in zip(self._state, before, after, strict=True)
            if not np.array_equal(old, new)
        ]
        if not moved:
            return
        try:
            for variable, _, new in moved:
                variable.assign(new)
            again, _ = self._run(inputs)
        finally:
            for variable, old, _ in moved:
                variable.assign(old)
        if not all(map(np.array_equal, outputs, again)):
            raise ExportError(
                f"An exported model must be a pure function of its inputs in inference mode. "
                f"Received: {self.model.name!r}, which changes {moved[0][0].path!r} when it is "
                f"called. Make random numbers an input of the model instead."
            )

    def _call(self, inputs: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
        """Computes the outputs, and the variables as the call leaves them."""
        import keras

        values = [inputs[tensor.name] for tensor in self.signature.inputs]
        structured = keras.tree.pack_sequence_as(graph_of(self.model).input, values)
        outputs = keras.tree.flatten(self.model(structured, training=False))
        return outputs, [variable.value for variable in self._state]

    def _run(self, inputs: Mapping[str, np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        try:
            wanted = {t.name: self._place(inputs[t.name]) for t in self.signature.inputs}
            outputs, state = self._step(wanted)
        except Exception as error:  # a backend raises whatever its own code runs into
            shapes = {name: array.shape for name, array in inputs.items()}
            raise NativeError(
                f"The native model {self.model.name!r} must run. Received: inputs of shapes "
                f"{shapes}, on which it raises {type(error).__name__}: {_first_line(error)}."
            ) from error
        return [_to_numpy(output) for output in outputs], [_to_numpy(value) for value in state]


def _to_numpy(tensor: Any) -> np.ndarray:
    import keras

    return np.asarray(keras.ops.convert_to_numpy(tensor))


def _declared(array: np.ndarray, dtype: str) -> np.ndarray:
    if (
        "int" in dtype
        and array.dtype.kind in "iu"
        and array.dtype.itemsize > np.dtype(dtype).itemsize
    ):
        declared = array.astype(dtype, copy=False)
        if np.array_equal(declared, array):  # else the truth is what the backend returns
            return declared
    return array


def weights_sha256(model: Any) -> str:
    """Hash of every weight's dtype, shape and bytes, in the model's order; names do not count."""
    digest = hashlib.sha256()
    for weight in model.weights:
        array = np.ascontiguousarray(_to_numpy(weight.value))
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _check_batch(signature: Signature) -> None:
    for tensor in signature.inputs:
        if not tensor.shape or tensor.shape[0] == 0:
            raise ExportError(
                f"An input's first dimension must be its batch. Received: {tensor.name!r} of shape "
                f"{tensor.shape}. Accepted: keras.Input(shape), whose batch may have any size."
            )


def _check_names(signature: Signature) -> None:
    inputs = {tensor.name for tensor in signature.inputs}
    shared = sorted(inputs & {tensor.name for tensor in signature.outputs})
    if shared:
        raise ExportError(
            f"An output must not be named like an input. Received: {shared} as both. Rename the "
            f"keras.Input, or the output by a dictionary: keras.Model(x, {{'name': y}})."
        )


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _check_weights(model: Any) -> None:
    for weight in model.weights:
        array = _to_numpy(weight.value)
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            raise ExportError(
                f"Weights must be finite to be exported. Received: {weight.path!r} of "
                f"{model.name!r} with {int(np.sum(~np.isfinite(array)))} NaN or infinite values."
            )
