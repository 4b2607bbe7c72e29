"""Steps in flight: the next one starts before the logs of the last one are read."""

from __future__ import annotations

import math
from collections import deque

import keras

from zoo.errors import DivergenceError
from zoo.model import GenerativeModel
from zoo.training.batches import Feed
from zoo.training.step import Stepper, named

IN_FLIGHT = 2

Step = list[tuple[int, dict]]
"""The updates of one step: the phase's number, and its batch or its logs."""


class Dispatcher:
    """Starts the steps of a model and reads their logs, in order.

    Args:
        model: The model to train.
        feed: The batches.
        steps_per_call: Steps that one compiled call runs.
    """

    def __init__(self, model: GenerativeModel, feed: Feed, steps_per_call: int) -> None:
        self.model = model
        self.feed = feed
        self.steps_per_call = steps_per_call
        self._in_flight: deque[tuple[int, list[Step]]] = deque()
        self._coming: list[Step] = []

    def __len__(self) -> int:
        return len(self._in_flight)

    def begin(self, step: int, end: int) -> None:
        """Makes ready to run the steps from `step` to `end`, by the model's count."""
        self.stepper = Stepper.of(self.model)
        self._next, self._end = step, end
        self._make_batches()

    @property
    def coming(self) -> range:
        """The steps of the next call; empty at the end."""
        return range(self._next, self._next + len(self._coming))

    def start(self) -> None:
        """Starts the next call, then makes the batches of the one after it."""
        steps, first = self._coming, self._next
        self._in_flight.append((first, self._call(steps)))
        self._next += len(steps)
        self._make_batches()

    def refresh(self) -> None:
        """Takes note of weights that were frozen or thawed."""
        self.stepper = Stepper.of(self.model)

    def read(self) -> list[dict[str, float]]:
        """The logs of the oldest call, by step: numbers, for which it waits for the device.

        Raises:
            DivergenceError: A loss, or a state that a loss returned, is NaN or infinite.
        """
        first, steps = self._in_flight.popleft()
        return [self._numbers(first + index, updates) for index, updates in enumerate(steps)]

    def _make_batches(self) -> None:
        last = min(self._end, self._next + self.steps_per_call)
        self._coming = [self.feed.updates(step) for step in range(self._next, last)]

    def _call(self, steps: list[Step]) -> list[Step]:
        """Starts the updates of some steps: phase number and logs of each, by step.

        A single step is run phase by phase, so that each phase is compiled once and by itself;
        several steps are one compiled call.
        """
        if len(steps) == 1:
            return [[(n, self.stepper.run((n,), [batch])[0]) for n, batch in steps[0]]]
        flat = [update for step in steps for update in step]
        logs = self.stepper.run(tuple(n for n, _ in flat), [batch for _, batch in flat])
        numbered = iter(zip((n for n, _ in flat), logs, strict=True))
        return [[next(numbered) for _ in step] for step in steps]

    def _numbers(self, step: int, updates: Step) -> dict[str, float]:
        """One step's logs as numbers: the means over a phase's repetitions."""
        values: dict[str, list[float]] = {}
        for number, logs in updates:
            phase = self.model.phases[number]
            for state, finite in logs.pop("next", {}).items():
                if not bool(keras.ops.convert_to_numpy(finite)):
                    raise DivergenceError(
                        f"The state {state!r} of phase {phase.name!r} became NaN or infinite at "
                        f"step {step}. {self.model.remedy}"
                    )
            numbers = {k: float(keras.ops.convert_to_numpy(v)) for k, v in logs.items()}
            if not math.isfinite(numbers["loss"]):
                raise DivergenceError(
                    f"The loss of phase {phase.name!r} became {numbers['loss']} at step {step}. "
                    f"{self.model.remedy}"
                )
            for name, value in named(self.model, phase, numbers).items():
                values.setdefault(name, []).append(value)
        return {name: sum(found) / len(found) for name, found in values.items()}
