"""The samples of a training step: a function of the seed and the step's number alone."""

import numpy as np

from zoo.errors import DataError

ORDER_STREAM = int.from_bytes(b"order", "big")
"""Keeps the batch order apart from everything else that is drawn from the same seed."""


class BatchOrder:
    """Shuffled batches without memory: resuming at step k needs nothing but k.

    A pass over the data is a permutation cut into whole batches; what is left over is dropped,
    and another pass has other leftovers. Steps that read several batches read on across passes.

    Args:
        count: Number of samples.
        batch_size: Samples per batch, at most `count`.
        seed: Of the permutations, non-negative.
        batches_per_step: Batches that one step reads: as many as its most repeated phase, such as
            a critic's five, of which the generator's phase reads the first.
    """

    def __init__(self, count: int, batch_size: int, seed: int, batches_per_step: int = 1) -> None:
        if not 1 <= batch_size <= count:
            raise DataError(
                f"A batch holds at least one sample and at most all. Received: batch_size="
                f"{batch_size} for {count} samples. Accepted: 1 to {count}."
            )
        if batches_per_step < 1:
            raise DataError(
                f"A step reads at least one batch. Received: batches_per_step={batches_per_step}."
            )
        self.count = count
        self.batch_size = batch_size
        self.seed = seed
        self.batches_per_step = batches_per_step
        self.batches_per_pass = count // batch_size
        self._drawn: tuple[int, np.ndarray] | None = None  # The last permutation, to draw it once.

    @property
    def steps_per_epoch(self) -> int:
        """Whole steps in one pass over the data, and at least one."""
        return max(1, self.batches_per_pass // self.batches_per_step)

    def indices(self, step: int, repetition: int = 0) -> np.ndarray:
        """Returns the sample indices `(batch_size,)` of a step's batch number `repetition`."""
        if not 0 <= repetition < self.batches_per_step:
            raise IndexError(
                f"A step has {self.batches_per_step} batches. Received: repetition={repetition}."
            )
        number = step * self.batches_per_step + repetition
        passed, position = divmod(number, self.batches_per_pass)
        start = position * self.batch_size
        return self._permutation(passed)[start : start + self.batch_size]

    def _permutation(self, passed: int) -> np.ndarray:
        if self._drawn is None or self._drawn[0] != passed:
            generator = np.random.default_rng([self.seed, ORDER_STREAM, passed])
            self._drawn = passed, generator.permutation(self.count)
        return self._drawn[1]


class WeightedOrder(BatchOrder):
    """Rows drawn with probabilities, with replacement: a function of the seed and the step alone.

    Args:
        weights: Of each row, in proportion to its probability.
        options: As of `BatchOrder`.
    """

    def __init__(self, weights: np.ndarray, **options: int) -> None:
        super().__init__(len(weights), **options)
        weights = np.asarray(weights, np.float64)
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
            raise DataError(
                "Weights of rows are finite, at least 0, and not all 0. "
                f"Received: {weights.min()} to {weights.max()}."
            )
        self.bounds = np.cumsum(weights / weights.sum())

    def indices(self, step: int, repetition: int = 0) -> np.ndarray:
        """Returns the sample indices `(batch_size,)` of a step's batch number `repetition`."""
        generator = np.random.default_rng([self.seed, ORDER_STREAM, step, repetition])
        found = np.searchsorted(self.bounds, generator.random(self.batch_size), side="right")
        return np.minimum(found, self.count - 1)
