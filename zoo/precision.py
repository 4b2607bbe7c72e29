"""The type of what is summed: losses, statistics, and the outputs of networks."""

from typing import Any

import keras
from keras import ops


def precise_dtype() -> str:
    """Float32, also where layers compute in less; float64 where it is Keras's `floatx`."""
    return "float64" if keras.config.floatx() == "float64" else "float32"


def precise(x: Any) -> Any:
    """Casts to `precise_dtype`."""
    return ops.cast(x, precise_dtype())
