"""The optimizers of phases: prepared with a model's settings, and seen as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras

from zoo.errors import ModelError, suggestion
from zoo.phase import Phase


def prepare(
    phases: Sequence[Phase],
    *,
    own: str | keras.optimizers.Optimizer | None,
    clip_norm: float | None,
    precision: str,
) -> list[Phase]:
    """The phases with their optimizers clipped, scaled and built.

    Args:
        phases: Phases that share an optimizer go on sharing it.
        own: The user's optimizer, or its name, in the place of the model's own.
        clip_norm: Bound on the norm of a phase's gradient.
        precision: `mixed_float16` scales losses.

    Raises:
        ModelError: A learning rate is not positive, the optimizer's name is unknown, or phases
            that share an optimizer update different networks.
    """
    prepared: dict[int, Any] = {}
    owners: dict[int, Phase] = {}
    for phase in phases:
        _check_shared(owners.setdefault(id(phase.optimizer), phase), phase)
        if id(phase.optimizer) not in prepared:
            optimizer = _chosen(phase.optimizer, own)
            optimizer.global_clipnorm = (
                optimizer.global_clipnorm if clip_norm is None else clip_norm
            )
            if precision == "mixed_float16":
                optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
            optimizer.build(phase.variables)
            prepared[id(phase.optimizer)] = optimizer
    return [replace(phase, optimizer=prepared[id(phase.optimizer)]) for phase in phases]


def _check_shared(first: Phase, second: Phase) -> None:
    if [id(v) for v in first.variables] != [id(v) for v in second.variables]:
        raise ModelError(
            "Phases that share an optimizer update the same networks, in the same order. "
            f"Received: {first.name!r} with {[n.name for n in first.networks]} and "
            f"{second.name!r} with {[n.name for n in second.networks]}"
        )


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


def distinct(phases: Sequence[Phase]) -> list[keras.optimizers.Optimizer]:
    """The optimizers of the phases, each once, in order."""
    return list({id(phase.optimizer): phase.optimizer for phase in phases}.values())


def number_rate(optimizer: keras.optimizers.Optimizer) -> float | None:
    """The learning rate of an optimizer; None where it follows a schedule."""
    rate = _rate_of(getattr(optimizer, "inner_optimizer", optimizer))
    return rate if isinstance(rate, float) else None


def _chosen(model_own: Any, own: str | keras.optimizers.Optimizer | None) -> Any:
    """The optimizer of a phase, not yet built."""
    optimizer = model_own
    if isinstance(own, str):
        if own.lower() == "lossscaleoptimizer":
            own = keras.optimizers.LossScaleOptimizer(model_own)
    if isinstance(own, str):
        try:
            optimizer = keras.optimizers.get(
                {"class_name": own, "config": {"learning_rate": _rate_of(model_own)}}
            )
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"optimizer is the name of a Keras optimizer. Received: {own!r}."
                f"{suggestion(own, names())} Accepted: {', '.join(names())}."
            ) from error
    elif own is not None:
        optimizer = type(own).from_config(own.get_config())
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ModelError(
            "Losses are scaled where the precision asks for it. Received: LossScaleOptimizer. "
            "Accepted: the optimizer inside it, with precision='mixed_float16'."
        )
    rate = _rate_of(optimizer)
    if isinstance(rate, float) and not rate > 0:
        raise ModelError(f"A learning rate is positive. Received: {rate}")
    return optimizer


def names() -> list[str]:
    """The optimizers of Keras that a setting may name."""
    found = vars(keras.optimizers)
    classes = {
        name: value
        for name, value in found.items()
        if isinstance(value, type) and issubclass(value, keras.optimizers.Optimizer)
    }
    return sorted(set(classes) - {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"})


def stored(optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
    """An optimizer in JSON terms, without the backend that a stock one's class belongs to."""
    config = keras.saving.serialize_keras_object(optimizer)
    if hasattr(keras.optimizers, config["class_name"]) and config["module"].startswith("keras."):
        config |= {"module": "keras.optimizers", "registered_name": None}
    return config


def _rate_of(optimizer: Any) -> Any:
    """The learning rate as a number, or the schedule."""
    rate = optimizer._learning_rate
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return rate
    return float(keras.ops.convert_to_numpy(rate))


class OptimizerGroup:
    """A model's optimizers, for callbacks that read and set one learning rate.

    The group's learning rate is the first optimizer's; setting it scales the others by the same
    factor, so the ratio between a generator and its discriminator stays.

    Args:
        members: The optimizers of the phases; a shared one counts once.
    """

    built = True  # Keras's callbacks build an optimizer that is not.

    def __init__(self, members: Sequence[keras.optimizers.Optimizer]) -> None:
        inner = [getattr(member, "inner_optimizer", member) for member in members]
        self.members = list({id(member): member for member in inner}.values())

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """The members, where one of them averages weights itself, for Keras's `SwapEMAWeights`.

        Elsewhere there is no such attribute: `LearningRateScheduler` would set the rate of each
        member by itself, and not keep their ratio.
        """
        if not self.use_ema:
            raise AttributeError("optimizers")
        return self.members

    @property
    def use_ema(self) -> bool:
        """Whether one of the members averages weights itself."""
        return any(getattr(member, "use_ema", False) for member in self.members)

    @property
    def learning_rate(self) -> Any:
        """The first optimizer's learning rate."""
        return self.members[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        for member in self.members:
            if number_rate(member) is None:
                raise ModelError(
                    "A learning rate that follows a schedule cannot be set. "
                    f"Received: {member.name} with {type(_rate_of(member)).__name__}. "
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
