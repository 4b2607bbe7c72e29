"""Samples with what is known about them, and the batches that training reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from zoo.data.fingerprint import fingerprint

Range = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Data:
    """One split of a data set: checked samples as they were stored, and how to scale them.

    `load_data` and `as_data` make these; they check what this record takes on trust.

    Attributes:
        samples: `(count, *shape)`, any real dtype, in memory or memory-mapped; channels last.
        labels: int32 class indices `(count,)`, or None.
        class_names: one name per class, or None where there are no labels.
        source_range: what the samples' values fill, such as `(0, 255)`; None for measurements.
        extent: smallest and largest value, used for scaling where there is no source range.
        origin: JSON-able facts about where the data come from.
    """

    samples: np.ndarray
    labels: np.ndarray | None = None
    class_names: list[str] | None = None
    source_range: Range | None = None
    extent: Range = (0.0, 1.0)
    origin: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.samples)

    def __repr__(self) -> str:
        classes = f", {self.num_classes} classes" if self.num_classes else ""
        return f"Data({len(self)} of shape {self.shape}, {self.samples.dtype}{classes})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample, channels last."""
        return self.samples.shape[1:]

    @property
    def num_classes(self) -> int | None:
        """Number of classes, also of those that this split has no sample of."""
        return None if self.class_names is None else len(self.class_names)

    @cached_property
    def description(self) -> dict[str, Any]:
        """JSON-able record of the data: origin, size, range, classes and a hash of the bytes."""
        return {
            **self.origin,
            "count": len(self),
            "shape": list(self.shape),
            "dtype": str(self.samples.dtype),
            "source_range": None if self.source_range is None else list(self.source_range),
            "class_names": self.class_names,
            "hash": fingerprint(self.samples, self.labels),
        }

    def batch(
        self, indices: Sequence[int] | np.ndarray, value_range: Range | None
    ) -> dict[str, np.ndarray]:
        """Returns `{"data": float32, "labels": int32}`, scaled from source to value range.

        Without labels there is no such key; a `value_range` of None leaves values as they are.
        Values outside the source range land outside the value range; nothing is clipped.
        """
        indices = np.asarray(indices)
        batch = {"data": self._scale(self._rows(indices), value_range)}
        if self.labels is not None:
            batch["labels"] = self.labels[indices]
        return batch

    def batches(
        self, batch_size: int, value_range: Range | None
    ) -> Iterator[dict[str, np.ndarray]]:
        """Yields every sample once, in order; the last batch may be smaller."""
        for start in range(0, len(self), batch_size):
            yield self.batch(np.arange(start, min(start + batch_size, len(self))), value_range)

    def _rows(self, indices: np.ndarray) -> np.ndarray:
        if not isinstance(self.samples, np.memmap):
            return self.samples[indices]
        order = np.argsort(indices)  # The disk is read forwards.
        rows = np.empty((len(indices), *self.shape), self.samples.dtype)
        rows[order] = self.samples[indices[order]]
        return rows

    def _scale(self, rows: np.ndarray, value_range: Range | None) -> np.ndarray:
        if value_range is None:
            return rows.astype(np.float32)
        (low, high), (to_low, to_high) = self.source_range or self.extent, value_range
        factor = (to_high - to_low) / ((high - low) or 1.0)
        # float32 for bytes, float64 for wide integers and doubles: rounded once, at the end.
        scaled = np.multiply(rows, factor, dtype=np.result_type(rows.dtype, np.float32))
        scaled += to_low - low * factor
        return scaled.astype(np.float32, copy=False)
