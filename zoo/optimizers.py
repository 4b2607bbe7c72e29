"""The optimizers of a model's phases: made ready, built once each, and seen as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras

from zoo.errors import ModelError
from zoo.phase import Phase

if TYPE_CHECKING:
    from keras.optimizers import Optimizer
    from keras.optimizers.schedules import LearningRateSchedule


def prepared_phases(
    phases: Sequence[Phase], *, clip_norm: float | None = None, loss_scaling: bool = False
) -> list[Phase]:
    """Phases whose optimizers clip, scale the loss, and are built; a shared one stays one.

    Args:
        phases: With plain Keras optimizers.
        clip_norm: Bound on the norm of each phase's gradient; None leaves the optimizer's own.
        loss_scaling: Whether float16 computes, so that the loss is scaled.

    Raises:
        ModelError: Phases that share an optimizer update different networks, or a learning rate
            is not positive.
    """
    ready: dict[int, Optimizer] = {}
    owners: dict[int, Phase] = {}
    made = []
    for phase in phases:
        key = id(phase.optimizer)
        if key not in ready:
            ready[key] = prepared(phase.optimizer, clip_norm, loss_scaling)
            if not ready[key].built:
                ready[key].build(phase.variables)
        owner = owners.setdefault(key, phase)
        _check_shared(owner, phase)
        made.append(replace(phase, optimizer=ready[key]))
    return made


def _check_shared(first: Phase, second: Phase) -> None:
    if [id(v) for v in first.variables] != [id(v) for v in second.variables]:
        raise ModelError(
            "Phases that share an optimizer update the same networks, in the same order. "
            f"Received: {first.name!r} with {[n.name for n in first.networks]} and "
            f"{second.name!r} with {[n.name for n in second.networks]}"
        )


def prepared(optimizer: Optimizer, clip_norm: float | None, loss_scaling: bool) -> Optimizer:
    """An optimizer with clipping and loss scaling; one that is prepared stays as it is."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if scheduled(inner) is None:
        rate = float(keras.ops.convert_to_numpy(inner.learning_rate))
        if not rate > 0:
            raise ModelError(f"A learning rate is positive. Received: {rate}")
    if clip_norm is not None:
        inner.global_clipnorm = clip_norm
    if loss_scaling and inner is optimizer:
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def check_known(phase: Phase, trained: Sequence[keras.Variable]) -> None:
    """Checks that the phase's optimizer was built on the weights that it is to train.

    Raises:
        ModelError: Some were frozen when the model was made.
    """
    known = {id(variable) for variable in phase.optimizer._trainable_variables}
    if unknown := [variable.path for variable in trained if id(variable) not in known]:
        raise ModelError(
            f"Weights that were frozen when the model was made cannot be trained. Received in "
            f"phase {phase.name!r}: {', '.join(unknown)}. Accepted: a model that is made with them "
            "trainable and frozen afterwards."
        )


def distinct(phases: Sequence[Phase]) -> list[Optimizer]:
    """The optimizers of the phases, each once, in order."""
    return list({id(phase.optimizer): phase.optimizer for phase in phases}.values())


def scheduled(optimizer: Optimizer) -> LearningRateSchedule | None:
    """The learning-rate schedule of an optimizer; None where its rate is a number."""
    rate = getattr(optimizer, "_learning_rate", None)
    return rate if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) else None


class OptimizerGroup:
    """A model's optimizers, for callbacks that read and set one learning rate.

    The group's learning rate is the first optimizer's; setting it scales the others by the same
    factor, so the ratio between a generator and its discriminator stays.

    Args:
        members: The optimizers of the phases; a shared one counts once.
    """

    built = True  # Keras's callbacks build an optimizer that is not.

    def __init__(self, members: Sequence[Optimizer]) -> None:
        inner = [getattr(member, "inner_optimizer", member) for member in members]
        self.members = list({id(member): member for member in inner}.values())

    @property
    def learning_rate(self) -> Any:
        """The first optimizer's learning rate."""
        return self.members[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        for member in self.members:
            if (schedule := scheduled(member)) is not None:
                raise ModelError(
                    "A learning rate that follows a schedule cannot be set. "
                    f"Received: {member.name} with {type(schedule).__name__}. "
                    "Accepted: a number as the model's learning rate, or no such callback."
                )
        first = float(keras.ops.convert_to_numpy(self.members[0].learning_rate))
        for member in self.members[1:]:
            own = float(keras.ops.convert_to_numpy(member.learning_rate))
            member.learning_rate = own * float(value) / first if first else value
        self.members[0].learning_rate = value

    @property
    def iterations(self) -> Any:
        """How many updates the first optimizer has made."""
        return self.members[0].iterations

    @property
    def variables(self) -> list[keras.Variable]:
        """All the optimizers' variables."""
        return [variable for member in self.members for variable in member.variables]
