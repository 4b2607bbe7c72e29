"""The batches of updates: data in a seeded order, noise from a seeded stream.

Both are functions of the seed, the step's number and, for noise, the phase's number and repetition
alone, so a resumed run needs no more state than its step; phases in another order are another run.
"""

from typing import Any

import numpy as np

from zoo import backends
from zoo.data import Data, Stream
from zoo.model import GenerativeModel
from zoo.noise import draw_all
from zoo.training.inputs import check_fits

NOISE_STREAM = 3  # keeps training noise apart from weights, order and evaluation of the same seed


class Feed:
    """Batches of a model's training, by the number of the step.

    The phases of a step share their data; every update has noise of its own, and `"step"`, the
    step's number as a float32 scalar.
    """

    def __init__(
        self, model: GenerativeModel, data: Data | Stream, batch_size: int | None, seed: int
    ) -> None:
        check_fits(model, data)
        self.model = model
        self.data = data
        self.seed = seed
        repeats = max(phase.repeat for phase in model.phases)
        options = {}
        if isinstance(data, Data) and (weights := model.row_weights(data)) is not None:
            options["weights"] = weights
        self.order = data.plan(batch_size, seed, batches_per_step=repeats, **options)
        self.batch_size = self.order.batch_size

    def updates(self, step: int) -> list[tuple[int, dict[str, Any]]]:
        """The updates of one step: phase number and batch, on the device."""
        place = backends.current().place
        number_of_step = place(np.asarray(step, "float32"))
        shared: dict[int, dict[str, Any]] = {}
        updates = []
        for number, phase in enumerate(self.model.phases):
            if not phase.when(step):
                continue
            for repetition in range(phase.repeat):
                if repetition not in shared:
                    batch = self.order.batch(step, repetition, self.model.value_range)
                    shared[repetition] = {name: place(array) for name, array in batch.items()}
                rng = np.random.default_rng([self.seed, NOISE_STREAM, step, number, repetition])
                noise = draw_all(self.model.noise, rng, self.batch_size, phase.noise)
                placed = {name: place(array) for name, array in noise.items()}
                updates.append((number, {**shared[repetition], **placed, "step": number_of_step}))
        return updates

    def running(self, first: int, end: int) -> list[int]:
        """The numbers of the phases that take part in any of the steps from `first` to `end`."""
        return [
            number
            for number, phase in enumerate(self.model.phases)
            if any(phase.when(step) for step in range(first, end))
        ]
