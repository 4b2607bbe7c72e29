"""The batches of a training run, by step: every field of the data and of their streams."""

from typing import TYPE_CHECKING

import numpy as np

from zoo.data.batch_order import ORDER_STREAM, BatchOrder, WeightedOrder
from zoo.data.field import Range
from zoo.data.names import prefixed

if TYPE_CHECKING:
    from zoo.data.batches import Batches

BATCH_SIZE = 64
"""Rows of a batch, where none is asked for."""


class Plan:
    """The batches of each step: a function of the seed and the step's number.

    Args:
        data: The data to read.
        batch_size: Rows of a batch; by default 64, or all where there are fewer.
        seed: Of the order, non-negative.
        batches_per_step: Batches that one step reads.
        weights: Of each row, in proportion to how often it is drawn; None for passes over all.
    """

    def __init__(
        self,
        data: "Batches",
        batch_size: int | None,
        seed: int,
        batches_per_step: int,
        weights: np.ndarray | None = None,
    ) -> None:
        self.data = data
        self.batch_size = min(BATCH_SIZE, len(data)) if batch_size is None else batch_size
        self.order: BatchOrder
        if weights is None:
            self.order = data.order(self.batch_size, seed, batches_per_step)
        else:
            options = {"seed": seed, "batches_per_step": batches_per_step}
            self.order = WeightedOrder(weights, batch_size=self.batch_size, **options)
        self.streams = {
            name: EndlessOrder(len(stream), self.batch_size, seed, name)
            for name, stream in data.streams.items()
        }
        self.batches_per_step = batches_per_step

    def resume(self, step: int) -> None:
        """Does nothing: what a step reads follows from its number."""

    @property
    def steps_per_epoch(self) -> int:
        """Whole steps in one pass over the data, and at least one."""
        return self.order.steps_per_epoch

    def batch(
        self, step: int, repetition: int = 0, value_range: Range | None = None
    ) -> dict[str, np.ndarray]:
        """Returns a step's batch number `repetition`, every field by name."""
        found = self.data.own_batch(self.order.indices(step, repetition), value_range)
        number = step * self.batches_per_step + repetition
        for name, order in self.streams.items():
            rows = self.data.streams[name].batch(order.indices(number), value_range)
            found |= prefixed(rows, name)
        return found


class EndlessOrder:
    """Shuffled rows of a stream, read on across passes, so it may be shorter than a batch.

    Args:
        count: Number of rows.
        batch_size: Rows of a batch.
        seed: Of the training run.
        name: Of the stream; streams of one seed have different orders.
    """

    def __init__(self, count: int, batch_size: int, seed: int, name: str) -> None:
        self.count = count
        self.batch_size = batch_size
        self.seed = [seed, ORDER_STREAM, int.from_bytes(name.encode(), "big")]
        self._drawn: dict[int, np.ndarray] = {}  # The last permutations, to draw each once.

    def indices(self, number: int) -> np.ndarray:
        """Returns the rows `(batch_size,)` of batch `number`."""
        passed, place = np.divmod(
            np.arange(number * self.batch_size, (number + 1) * self.batch_size), self.count
        )
        needed = range(int(passed[0]), int(passed[-1]) + 1)
        self._drawn = {p: self._drawn[p] if p in self._drawn else self._draw(p) for p in needed}
        return np.array([self._drawn[p][at] for p, at in zip(passed, place, strict=True)])

    def _draw(self, passed: int) -> np.ndarray:
        return np.random.default_rng([*self.seed, passed]).permutation(self.count)
