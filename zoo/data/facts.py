"""What data decide about a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zoo.data import Data

MAX_ROWS = 10_000


def scaled_variance(data: Data, value_range: tuple[float, float] | None) -> float:
    """The variance of the data as a model reads them, over at most 10,000 evenly spaced rows."""
    rows = np.linspace(0, len(data) - 1, min(len(data), MAX_ROWS)).astype(int)
    values = data.batch(rows, value_range)["data"].astype("float64")
    return float(values.var())
