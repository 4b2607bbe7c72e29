"""JAX: `jit`, with the weights as arguments."""

from collections.abc import Callable
from typing import Any

import jax
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


MODES = {"jit": jit}
