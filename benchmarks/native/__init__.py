"""Calls of each backend, from NumPy arrays to NumPy arrays, which wait for the device.

Each backend's module has a table `MODES`, name → `compile(function, variables)`, where the function
maps a dictionary of tensors to a dictionary of tensors and reads the Keras variables. The compiled
function maps dictionaries of arrays.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

Arrays = Mapping[str, np.ndarray]
Call = Callable[[Arrays], dict[str, np.ndarray]]

# The mode that takes one line of the backend.
USUAL = {"tensorflow": "function", "torch": "eager", "jax": "jit"}


def compiled(
    function: Callable[[dict[str, Any]], dict[str, Any]],
    variables: list[Any],
    mode: str | None = None,
) -> Call:
    """Compiles a function of Keras tensors by a mode of the running backend.

    Args:
        function: Dictionary of tensors → dictionary of tensors.
        variables: The Keras variables that it reads.
        mode: A key of the backend's `MODES`; the usual one by default.
    """
    import keras

    backend = keras.config.backend()
    module = import_module(f"benchmarks.native.{backend}")
    return module.MODES[mode or USUAL[backend]](function, variables)
