"""Between NumPy and the backend's tensors."""

from typing import Any

import keras
import numpy as np


def tensor(values: Any, dtype: str = "float32") -> Any:
    """A tensor on the backend's device."""
    return keras.ops.convert_to_tensor(np.asarray(values, dtype=dtype))


def array(values: Any) -> np.ndarray:
    """A NumPy array of a tensor, without its gradient."""
    return keras.ops.convert_to_numpy(values)


def arrays(logs: dict[str, Any]) -> dict[str, np.ndarray]:
    """NumPy arrays of a dictionary of tensors."""
    return {name: array(value) for name, value in logs.items()}


def sigmoid(x: Any) -> np.ndarray:
    """1 / (1 + e⁻ˣ) in float64."""
    return 1 / (1 + np.exp(-np.asarray(x, dtype="float64")))


def softplus(x: Any) -> np.ndarray:
    """Log(1 + eˣ) in float64, without overflow."""
    return np.logaddexp(0, np.asarray(x, dtype="float64"))
