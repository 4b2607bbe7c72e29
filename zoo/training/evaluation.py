"""Losses without training."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np

from zoo import backends
from zoo.model import GenerativeModel
from zoo.noise import draw_all
from zoo.training.inputs import check_fits, data_for
from zoo.training.step import named, states_fixed

EVALUATION_STREAM = 4


class Evaluation:
    """Evaluates a model's losses on data; each choice of phases is compiled once.

    Args:
        model: The model to evaluate.
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
        self._compiled: dict[tuple[int, ...], Callable[[dict], dict]] = {}

    def _losses(self, numbers: tuple[int, ...]) -> Callable[[dict], dict]:
        """The compiled losses of some phases."""
        if numbers not in self._compiled:
            phases = [self.model.phases[number] for number in numbers]

            def losses(batch: dict[str, Any]) -> dict[str, Any]:
                logs: dict[str, Any] = {}
                for phase in phases:
                    with states_fixed(self.model, phase):
                        found = dict(phase.loss(batch, False))
                    found.pop("next", None)
                    logs |= named(self.model, phase, found)
                return logs

            compile_step = backends.current().compile_step
            self._compiled[numbers] = compile_step(losses, self.model.variables, updates=False)
        return self._compiled[numbers]

    def __call__(self, phases: Sequence[int] | None = None) -> dict[str, float]:
        """The mean of every log over all rows.

        Args:
            phases: The numbers of the phases whose losses are evaluated; None for all.
        """
        numbers = range(len(self.model.phases)) if phases is None else phases
        losses = self._losses(tuple(numbers))
        place = backends.current().place
        step = place(np.asarray(keras.ops.convert_to_numpy(self.model.steps), "float32"))
        sums: dict[str, float] = {}
        total = 0
        batches = self.data.batches(self.batch_size, self.model.value_range)
        for number, batch in enumerate(batches):
            rng = np.random.default_rng([self.seed, EVALUATION_STREAM, number])
            count = len(batch["data"])
            total += count
            batch |= draw_all(self.model.noise, rng, count)
            placed = {name: place(array) for name, array in batch.items()}
            for name, value in losses({**placed, "step": step}).items():
                mean = float(keras.ops.convert_to_numpy(value))
                sums[name] = sums.get(name, 0.0) + mean * count
        return {name: found / total for name, found in sums.items()}


def evaluate(
    model: GenerativeModel,
    data: Any,
    *,
    batch_size: int = 256,
    seed: int | None = None,
    averaged: bool = False,
) -> dict[str, float]:
    """Mean losses of a model on data, in inference mode: log name → value.

    The weights judged are those that training moves, as in the validation of `fit`. A model with
    `ema` samples, encodes and exports with their average: `averaged=True` judges that.

    Args:
        model: The model to evaluate. Its losses read `model.steps` as the number of the step.
        data: Data, arrays, or a pair of arrays and labels.
        batch_size: Rows computed at once.
        seed: Seeds the noise; the model's own by default.
        averaged: Whether the averaged weights are judged; without `ema` there are no others.

    Raises:
        ModelError: The data do not fit the model.
    """
    evaluation = Evaluation(model, data, batch_size, model.seed if seed is None else seed)
    with model.averaged_weights() if averaged else nullcontext():
        return evaluation()
