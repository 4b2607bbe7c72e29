"""The batches of a training run on a stream, by step."""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from zoo.data.field import Range
from zoo.data.plan import BATCH_SIZE
from zoo.data.streams.elements import check_units, regroup
from zoo.errors import DataError

if TYPE_CHECKING:
    from zoo.data.streams.stream import Stream


class StreamPlan:
    """Batches of a stream by step, which are asked for in order.

    Args:
        stream: The stream to read.
        batch_size: Rows of a batch; by default those of the stream's own batches.
        batches_per_step: Batches that one step reads.
    """

    def __init__(self, stream: "Stream", batch_size: int | None, batches_per_step: int) -> None:
        own = len(stream.fields["data"])
        self.stream = stream
        self.batch_size = batch_size or (own if own > 1 else BATCH_SIZE)
        self.batches_per_step = batches_per_step
        self.steps_per_epoch = stream.steps_per_epoch(self.batch_size, batches_per_step)
        self._last: int | None = None
        self._batches = regroup(self._endless(), self.batch_size)

    def batch(
        self, step: int, repetition: int = 0, value_range: Range | None = None
    ) -> dict[str, np.ndarray]:
        """Returns the next batch, every field by name; the steps only go forwards.

        Raises:
            DataError: The batch was given before, or a stream with one pass has ended.
        """
        number = step * self.batches_per_step + repetition
        name = self.stream.source.name
        if self._last is not None and number <= self._last:
            raise DataError(f"A stream is read forwards. Received: step {step} of {name} again.")
        first, self._last = self._last is None, number
        rows = next(self._batches, None)
        if rows is None:
            raise DataError(
                f"The {name} ended at step {step}. Accepted: one that goes on, or a function that "
                "returns a new one for each pass."
            )
        batch = self.stream.convert(rows, value_range)
        if first and value_range is not None:
            check_units(rows["data"], batch["data"], value_range)
        return batch

    def resume(self, step: int) -> None:
        """Warns that a resumed run does not read what the interrupted one would have read."""
        if step % self.steps_per_epoch:
            warnings.warn(
                f"A stream cannot resume in the middle of an epoch: at step {step} the "
                f"{self.stream.source.name} starts anew, so the run is not the one that was "
                "interrupted.",
                stacklevel=2,
            )

    def _endless(self) -> Iterator[dict[str, np.ndarray]]:
        while True:
            empty = True
            for element in self.stream.elements():
                empty = False
                yield element
            if self.stream.source.once or empty:
                return
