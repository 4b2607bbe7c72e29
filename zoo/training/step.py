"""One update, written once for every backend, and its compiled forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from zoo import backends
from zoo.errors import ModelError
from zoo.model import GenerativeModel
from zoo.phase import Phase

Batch = dict[str, Any]
Program = tuple[int, ...]
"""The phases that one compiled call runs, by their numbers, in order."""


class Stepper:
    """Runs a model's updates; each sequence of phases is compiled once."""

    def __init__(self, model: GenerativeModel) -> None:
        self.model = model
        self.variables = all_variables(model)
        self._compiled: dict[Program, Callable[[list[Batch]], list[dict]]] = {}

    @classmethod
    def of(cls, model: GenerativeModel) -> Stepper:
        """The model's own stepper, so that training it again compiles nothing again."""
        if not hasattr(model, "_stepper"):
            object.__setattr__(model, "_stepper", cls(model))
        return model._stepper

    def run(self, program: Program, batches: list[Batch]) -> list[dict[str, Any]]:
        """Runs one update per phase of the program, each on its own batch.

        Returns:
            The logs of each update, scalars still on the device.
        """
        if program not in self._compiled:
            step = self._compose(program)
            backend = backends.current()
            self._compiled[program] = backend.compile_step(step, self.variables, updates=True)
        return self._compiled[program](batches)

    def _compose(self, program: Program) -> Callable[[list[Batch]], list[dict]]:
        phases = [self.model.phases[number] for number in program]

        def step(batches: list[Batch]) -> list[dict]:
            return [
                update(self.model, phase, batch)
                for phase, batch in zip(phases, batches, strict=True)
            ]

        return step


def update(model: GenerativeModel, phase: Phase, batch: Batch) -> dict[str, Any]:
    """Updates the phase's networks on one batch and returns the logs of its loss."""
    backend = backends.current()
    trained = phase.variables
    own = {id(variable) for variable in trained}
    others = [variable for variable in model.variables if id(variable) not in own]

    def objective() -> tuple[Any, dict]:
        logs = phase.loss(batch, True)
        return phase.optimizer.scale_loss(logs["loss"]), logs

    gradients, logs = backend.gradients(objective, trained, others)
    missing = [v.path for v, g in zip(trained, gradients, strict=True) if g is None]
    if missing:
        raise ModelError(
            f"Every weight of a phase has a gradient. Received none in phase {phase.name!r} "
            f"for: {', '.join(missing)}"
        )
    backend.apply(phase.optimizer, backend.average_gradients(gradients), trained)
    if model.ema is not None:
        model.average.update(trained)
    return logs


def all_variables(model: GenerativeModel) -> list[keras.Variable]:
    """The model's and its optimizers' variables, each once, in a fixed order."""
    found: Sequence[keras.Variable] = [
        *model.variables,
        *(variable for phase in model.phases for variable in phase.optimizer.variables),
    ]
    return list({id(variable): variable for variable in found}.values())


def named(model: GenerativeModel, phase: Phase, logs: dict[str, Any]) -> dict[str, Any]:
    """Logs under the names that users see: with the phase's name where there are several."""
    if len(model.phases) == 1:
        return logs
    return {f"{phase.name}_{key}": value for key, value in logs.items()}
