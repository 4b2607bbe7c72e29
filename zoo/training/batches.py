"""What each update reads: data in a seeded order, noise from a seeded stream.

Both are functions of the seed and the step's number alone, so a resumed run needs no more state
than its step.
"""

from typing import Any

import numpy as np

from zoo import backends
from zoo.data import Data, as_data
from zoo.data.batch_order import BatchOrder
from zoo.errors import ModelError
from zoo.model import GenerativeModel
from zoo.noise import draw_all

NOISE_STREAM = 3  # keeps training noise apart from weights, order and evaluation of the same seed


class Feed:
    """Batches of a model's training, by the number of the step.

    The phases of a step share their data; every update has noise of its own, and `"step"`, the
    step's number as a float32 scalar.
    """

    def __init__(self, model: GenerativeModel, data: Data, batch_size: int, seed: int) -> None:
        check_fits(model, data)
        self.model = model
        self.data = data
        self.batch_size = batch_size
        self.seed = seed
        repeats = max(phase.repeat for phase in model.phases)
        self.order = BatchOrder(len(data), batch_size, seed, batches_per_step=repeats)

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
                    rows = self.order.indices(step, repetition)
                    batch = self.data.batch(rows, self.model.value_range)
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


def data_for(model: GenerativeModel, values: Any, *, like: Data | None = None) -> Data:
    """Arrays, or a pair of arrays and labels, as the data of a model; `Data` as they are.

    Args:
        model: Whose shape and classes they have.
        values: What is converted.
        like: The data trained on, whose scale these share.
    """
    if isinstance(values, Data):
        return values
    return as_data(values, shape=model.shape, num_classes=model.num_classes, like=like)


def check_fits(model: GenerativeModel, data: Data) -> None:
    """Refuses data that a model cannot read.

    Raises:
        ModelError: The shape differs, labels are missing, or there are too many of them.
    """
    if tuple(data.shape) != model.shape:
        raise ModelError(
            f"The data have the model's shape {model.shape}. Received: {tuple(data.shape)}"
        )
    if model.num_classes is None:
        return
    if data.labels is None:
        raise ModelError(f"{type(model).__name__} reads labels. Received: data without labels.")
    classes = data.num_classes or int(data.labels.max()) + 1
    if classes > model.num_classes:
        raise ModelError(
            f"The data have at most the model's {model.num_classes} classes. Received: {classes}"
        )
