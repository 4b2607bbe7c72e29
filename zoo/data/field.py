"""One field of a data set: an array, what its values are, and how a batch of it is made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from zoo.data.fingerprint import fingerprint
from zoo.errors import DataError

Range = tuple[float, float]
Kind = Literal["continuous", "index", "mask", "raw"]


@dataclass(frozen=True, eq=False)
class Field:
    """Values `(count, *shape)`, in memory or memory-mapped, and their kind.

    - `continuous`: float32 in batches, scaled from the source range to the model's value range;
    - `index`: int32 below `size`, never scaled: labels, tokens, categories;
    - `mask` and `raw`: float32, not scaled.

    Attributes:
        values: `(count, *shape)`, any real dtype.
        kind: One of the above.
        source_range: The range of continuous values, such as `(0, 255)`; None for measurements.
        extent: Smallest and largest value, used for scaling where there is no source range.
        size: Number of different indices; None where it is not known.
        names: One name per index, such as the words of a vocabulary.
        hidden: Whether indices may be -1, which stands for a value that is not given.
        indicators: Features that a `Standardization` leaves as they are, such as one-hot columns.
    """

    values: np.ndarray
    kind: Kind = "continuous"
    source_range: Range | None = None
    extent: Range = (0.0, 1.0)
    size: int | None = None
    names: Sequence[str] | None = None
    hidden: bool = False
    indicators: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise DataError(
                f"A field has a known kind. Received: {self.kind!r}. "
                f"Accepted: {', '.join(get_args(Kind))}."
            )
        if self.source_range is not None:
            check_range("source_range", self.source_range)
        check_range("extent", self.extent)
        if self.size is not None and self.size < 1:
            raise DataError(f"The size of a field is at least 1. Received: size={self.size}.")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one row, channels last."""
        return self.values.shape[1:]

    def describe(self) -> dict[str, Any]:
        """JSON-able record of the field, with a hash of its bytes."""
        found: dict[str, Any] = {
            "kind": self.kind,
            "shape": list(self.shape),
            "dtype": str(self.values.dtype),
        }
        if self.kind == "continuous":
            found["source_range"] = None if self.source_range is None else list(self.source_range)
        if self.kind == "index":
            found |= {"size": self.size, "names": None if self.names is None else list(self.names)}
        return found | {"hash": fingerprint(self.values, None)}

    def batch(self, indices: np.ndarray, value_range: Range | None) -> np.ndarray:
        """Returns the rows as a model reads them: int32 indices, float32 everything else."""
        rows = self.rows(indices)
        if self.kind == "index":
            return rows.astype(np.int32, copy=False)
        if self.kind != "continuous" or value_range is None:
            return rows.astype(np.float32)
        return scale(rows, self.source_range or self.extent, value_range)

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Returns the stored rows, in the order of the indices."""
        if not isinstance(self.values, np.memmap):
            return self.values[indices]
        order = np.argsort(indices)  # The disk is read forwards.
        rows = np.empty((len(indices), *self.shape), self.values.dtype)
        rows[order] = self.values[indices[order]]
        return rows


def check_range(name: str, found: Any) -> Range:
    """Returns a range as floats.

    Raises:
        DataError: It is not two finite numbers, the first at most as large as the second.
    """
    try:
        low, high = map(float, found)
    except (TypeError, ValueError):
        low, high = math.nan, math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise DataError(f"{name} is (low, high), finite and rising. Received: {found}.")
    return low, high


def scale(rows: np.ndarray, source: Range, target: Range) -> np.ndarray:
    """Returns float32 values mapped linearly from one range to another; nothing is clipped."""
    (low, high), (to_low, to_high) = source, target
    factor = (to_high - to_low) / ((high - low) or 1.0)
    # float32 for bytes, float64 for wide integers and doubles: rounded once, at the end.
    scaled = np.multiply(rows, factor, dtype=np.result_type(rows.dtype, np.float32))
    scaled += to_low - low * factor
    return scaled.astype(np.float32, copy=False)
