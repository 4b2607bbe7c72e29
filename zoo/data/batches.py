"""The batches of data: any rows, all in order, or those that training reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from zoo.data.batch_order import BatchOrder
from zoo.data.field import Field, Range
from zoo.data.names import prefixed
from zoo.data.plan import Plan
from zoo.data.standardization import Standardization


class Batches:
    """Rows as models read them; the base of `Data`."""

    fields: Mapping[str, Field]
    streams: Mapping[str, Batches]
    standardization: Standardization | None

    def __len__(self) -> int:
        return len(self.fields["data"])

    def batch(
        self, indices: Sequence[int] | np.ndarray, value_range: Range | None
    ) -> dict[str, np.ndarray]:
        """Returns every field's rows by name: `{"data": float32, "labels": int32, …}`.

        Continuous fields are scaled from source to value range; a `value_range` of None leaves
        them as they are, apart from `data`, which are standardized if there is a standardization.
        Values outside the source range land outside the value range; nothing is clipped.
        Streams give rows of their own, in turn.
        """
        indices = np.asarray(indices)
        batch = self.own_batch(indices, value_range)
        for name, stream in self.streams.items():
            batch |= prefixed(stream.batch(indices % len(stream), value_range), name)
        return batch

    def own_batch(self, indices: np.ndarray, value_range: Range | None) -> dict[str, np.ndarray]:
        """As `batch`, without the streams."""
        batch = {name: field.batch(indices, value_range) for name, field in self.fields.items()}
        if self.standardization is not None and value_range is None:
            batch["data"] = self.standardization.apply(self.fields["data"].rows(indices))
        return batch

    def batches(
        self, batch_size: int, value_range: Range | None
    ) -> Iterator[dict[str, np.ndarray]]:
        """Yields every sample once, in order; the last batch may be smaller."""
        for start in range(0, len(self), batch_size):
            yield self.batch(np.arange(start, min(start + batch_size, len(self))), value_range)

    def first(self, count: int, value_range: Range | None) -> dict[str, np.ndarray]:
        """Returns the first `count` rows, or all where there are fewer, as `batch` does."""
        return self.batch(np.arange(min(count, len(self))), value_range)

    def order(self, batch_size: int, seed: int, batches_per_step: int = 1) -> BatchOrder:
        """The rows that each step reads; data with an order of their own override this."""
        return BatchOrder(len(self), batch_size, seed, batches_per_step)

    def plan(
        self,
        batch_size: int | None = None,
        seed: int = 0,
        batches_per_step: int = 1,
        weights: np.ndarray | None = None,
    ) -> Plan:
        """The batches of a training run, by step.

        Args:
            batch_size: Rows of a batch; by default 64, or all where there are fewer.
            seed: Of the order, non-negative.
            batches_per_step: Batches that one step reads.
            weights: Of each row, in proportion to how often it is drawn, with replacement; None
                for passes over all rows.
        """
        return Plan(self, batch_size, seed, batches_per_step, weights)
