"""One update, written once for every backend, and its compiled forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
from keras import ops

from zoo import backends
from zoo.errors import ModelError
from zoo.model import GenerativeModel
from zoo.model.average import followed_by_average
from zoo.model.optimizers import check_known, distinct
from zoo.phase import Phase, check_logs

Batch = dict[str, Any]
ASSIGNMENTS = ("assign", "assign_add", "assign_sub")
Program = tuple[int, ...]
"""The phases that one compiled call runs, by their numbers, in order."""


class Stepper:
    """Runs a model's updates; each sequence of phases is compiled once.

    What each phase trains is settled when the stepper is made.
    """

    def __init__(self, model: GenerativeModel) -> None:
        self.model = model
        self.variables = all_variables(model)
        self.signature = _signature(model)
        self.trained = [phase.variables for phase in model.phases]
        for phase, trained in zip(model.phases, self.trained, strict=True):
            check_known(phase, trained)
        self.others = [_without(model.variables, trained) for trained in self.trained]
        self._gradients = [self._differentiated(number) for number in range(len(model.phases))]
        self._compiled: dict[Program, Callable[[list[Batch]], list[dict]]] = {}

    @classmethod
    def of(cls, model: GenerativeModel) -> Stepper:
        """The model's own stepper, so that training it again compiles nothing again.

        Freezing or thawing weights, or another optimizer, makes a new one.
        """
        stepper = model.__dict__.get("_stepper")
        if stepper is None or stepper.signature != _signature(model):
            stepper = cls(model)
            object.__setattr__(model, "_stepper", stepper)
        return stepper

    def run(self, program: Program, batches: list[Batch]) -> list[dict[str, Any]]:
        """Runs one update per phase of the program, each on its own batch.

        Returns:
            The logs of each update, scalars still on the device; and under `"next"`, for each
            state that the loss returned, whether it is finite.
        """
        if program not in self._compiled:
            step = self._compose(program)
            backend = backends.current()
            self._compiled[program] = backend.compile_step(step, self.variables, updates=True)
        return self._compiled[program](batches)

    def _compose(self, program: Program) -> Callable[[list[Batch]], list[dict]]:
        def step(batches: list[Batch]) -> list[dict]:
            return [
                self._update(number, batch) for number, batch in zip(program, batches, strict=True)
            ]

        return step

    def _differentiated(self, number: int) -> Callable[[Batch], tuple[list, dict]]:
        """Batch → a phase's gradients and the logs of its loss."""
        phase, trained = self.model.phases[number], self.trained[number]

        def objective(batch: Batch) -> tuple[Any, dict]:
            with states_fixed(self.model, phase):
                logs = phase.loss(batch, True)
            check_logs(phase, logs)
            logs = dict(logs)
            return phase.optimizer.scale_loss(logs["loss"]), logs

        if not trained:  # All is frozen: the loss is still reported, and its state moves on.
            return lambda batch: ([], objective(batch)[1])
        return backends.differentiate(
            objective,
            trained,
            self.others[number],
            reads=phase.optimizer.variables,
            name=f"phase {phase.name!r}",
        )

    def _update(self, number: int, batch: Batch) -> dict[str, Any]:
        """Updates a phase's networks on one batch and returns the logs of its loss."""
        model, phase, trained = self.model, self.model.phases[number], self.trained[number]
        backend = backends.current()
        gradients, logs = self._gradients[number](batch)
        following = logs.pop("next", {})
        # PyTorch and TensorFlow assign in place: a log that is a variable would move with it.
        logs = {name: ops.copy(value) for name, value in logs.items()}
        if trained:
            gradients = complete(phase, trained, gradients)
            backend.apply(phase.optimizer, backend.average_gradients(gradients), trained)
            if model.ema is not None:
                model.average.update(followed_by_average(phase))
        for name, value in following.items():
            variable = _state(model, phase, name)
            if tuple(variable.shape) != tuple(ops.shape(value)):
                raise ModelError(
                    f"The state {name!r} has the shape {tuple(variable.shape)}. Received from "
                    f"phase {phase.name!r}: {tuple(ops.shape(value))}"
                )
            variable.assign(value)
        finite = {n: ops.all(ops.isfinite(v)) for n, v in following.items() if _is_float(v)}
        return logs | ({"next": finite} if finite else {})


def complete(phase: Phase, trained: Sequence[keras.Variable], gradients: list) -> list:
    """Gradients of every weight: zeros for those outside the loss of a partial phase.

    Raises:
        ModelError: A weight has no gradient, and the phase is not partial.
    """
    missing = [v.path for v, g in zip(trained, gradients, strict=True) if g is None]
    if missing and not phase.partial:
        raise ModelError(
            f"Every weight of a phase has a gradient, unless partial=True. Received none in phase "
            f"{phase.name!r} for: {', '.join(missing)}"
        )
    return [
        ops.zeros_like(variable.value) if gradient is None else gradient
        for variable, gradient in zip(trained, gradients, strict=True)
    ]


def _state(model: GenerativeModel, phase: Phase, name: str) -> keras.Variable:
    """The variable that a loss returned the next value of, `k`, or `layer.k` of a layer."""
    variable: Any = model
    for attribute in name.split("."):
        variable = getattr(variable, attribute, None)
    if not isinstance(variable, keras.Variable):
        raise ModelError(
            f'"next" names variables that self.state(…) made. Received from phase '
            f"{phase.name!r}: {name!r}"
        )
    return variable


def _is_float(value: Any) -> bool:
    return "float" in keras.backend.standardize_dtype(getattr(value, "dtype", "float32"))


@contextmanager
def states_fixed(model: GenerativeModel, phase: Phase) -> Iterator[None]:
    """While a loss runs, rejects the assignment of the model's own states, which it returns.

    What layers keep, such as the moving averages of batch normalization, they may assign.
    """

    def reject(name: str) -> Callable[..., None]:
        def assign(*_: Any, **__: Any) -> None:
            raise ModelError(
                f"A loss returns its state. Received: phase {phase.name!r}, which assigns "
                f'{name!r}. Accepted: return {{"loss": …, "next": {{{name!r}: …}}}}.'
            )

        return assign

    own = [*model._trainable_variables, *model._non_trainable_variables]
    for variable in own:
        for method in ASSIGNMENTS:
            object.__setattr__(variable, method, reject(variable.name))
    try:
        yield
    finally:
        for variable in own:
            for method in ASSIGNMENTS:
                object.__delattr__(variable, method)


def all_variables(model: GenerativeModel) -> list[keras.Variable]:
    """The model's and its optimizers' variables, each once, in a fixed order."""
    found: Sequence[keras.Variable] = [
        *model.variables,
        *(variable for optimizer in distinct(model.phases) for variable in optimizer.variables),
    ]
    return list({id(variable): variable for variable in found}.values())


def _without(variables: Sequence[keras.Variable], own: Sequence[keras.Variable]) -> list:
    left_out = {id(variable) for variable in own}
    return [variable for variable in variables if id(variable) not in left_out]


def _signature(model: GenerativeModel) -> list[tuple[int, list[int]]]:
    """The state of the phases on which compiled updates depend."""
    return [(id(p.optimizer), [id(v) for v in p.variables]) for p in model.phases]


def named(model: GenerativeModel, phase: Phase, logs: dict[str, Any]) -> dict[str, Any]:
    """Logs under the names that users see: with the phase's name where there are several."""
    if len(model.phases) == 1:
        return logs
    return {f"{phase.name}_{key}": value for key, value in logs.items()}
