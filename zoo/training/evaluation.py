"""Losses without training."""

from typing import Any

import keras
import numpy as np

from zoo import backends
from zoo.model import GenerativeModel
from zoo.noise import draw_all
from zoo.training.inputs import check_fits, data_for
from zoo.training.step import named

EVALUATION_STREAM = 4


class Evaluation:
    """Evaluates a model's losses on data; compiled once for each batch size.

    Args:
        model: What is evaluated.
        data: Data, arrays, or a pair of arrays and labels.
        batch_size: Rows computed at once; the last batch may be smaller.
        seed: Seeds the noise, the same at each evaluation.
    """

    def __init__(self, model: GenerativeModel, data: Any, batch_size: int, seed: int) -> None:
        self.model = model
        self.data = data_for(model, data)
        check_fits(model, self.data)
        self.batch_size = batch_size
        self.seed = seed
        self.losses = backends.current().compile_step(self._losses, model.variables, updates=False)

    def _losses(self, batch: dict[str, Any]) -> dict[str, Any]:
        logs: dict[str, Any] = {}
        for phase in self.model.phases:
            logs |= named(self.model, phase, phase.loss(batch, False))
        return logs

    def __call__(self) -> dict[str, float]:
        """The mean of every log over all rows."""
        place = backends.current().place
        sums: dict[str, float] = {}
        total = 0
        batches = self.data.batches(self.batch_size, self.model.value_range)
        for number, batch in enumerate(batches):
            rng = np.random.default_rng([self.seed, EVALUATION_STREAM, number])
            count = len(batch["data"])
            total += count
            batch |= draw_all(self.model.noise, rng, count)
            batch["step"] = np.float32(keras.ops.convert_to_numpy(self.model.steps))
            logs = self.losses({name: place(array) for name, array in batch.items()})
            for name, value in logs.items():
                mean = float(keras.ops.convert_to_numpy(value))
                sums[name] = sums.get(name, 0.0) + mean * count
        return {name: found / total for name, found in sums.items()}


def evaluate(
    model: GenerativeModel, data: Any, *, batch_size: int = 256, seed: int | None = None
) -> dict[str, float]:
    """Mean losses of a model on data, in inference mode: log name → value.

    Args:
        model: What is evaluated.
        data: Data, arrays, or a pair of arrays and labels.
        batch_size: Rows computed at once.
        seed: Seeds the noise; the model's own by default.

    Raises:
        ModelError: The data do not fit the model.
    """
    return Evaluation(model, data, batch_size, model.seed if seed is None else seed)()
