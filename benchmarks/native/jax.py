"""JAX: `jit`, with the weights as arguments, and `jax.export`, with the weights as constants."""

from collections.abc import Callable
from typing import Any

import jax
import jax.export
import keras
import numpy as np

from benchmarks.native import Arrays, Call


def jit(function: Callable[[dict], dict], variables: list) -> Call:
    """Compiles the function; the weights stay on the device."""

    def pure(values: list, inputs: dict) -> dict:
        with keras.StatelessScope(list(zip(variables, values, strict=True))):
            return function(inputs)

    program = jax.jit(pure)
    values = [variable.value for variable in variables]

    def call(arrays: Arrays) -> dict[str, Any]:
        outputs = program(values, dict(arrays))
        # Reading an array waits for it.
        return {name: np.asarray(array) for name, array in outputs.items()}

    return call


def exported(function: Callable[[dict], dict], variables: list) -> Call:
    """Exports the function for the first arrays' shapes, and calls what is read back."""
    programs: dict[tuple, Callable] = {}

    def call(arrays: Arrays) -> dict[str, Any]:
        inputs = dict(arrays)
        key = tuple((name, array.shape) for name, array in inputs.items())
        if key not in programs:
            written = jax.export.export(jax.jit(function))(inputs).serialize()
            programs[key] = jax.jit(jax.export.deserialize(written).call)
        return {name: np.asarray(array) for name, array in programs[key](inputs).items()}

    return call


MODES = {"jit": jit, "export": exported}
