"""Rows of any shape as vectors."""

from typing import Any

import numpy as np


def flat(rows: Any) -> np.ndarray:
    """Rows in float64: `(count, features)`."""
    return np.asarray(rows, dtype="float64").reshape(len(rows), -1)
