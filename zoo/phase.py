"""A phase of training: which loss updates which networks, with which optimizer, when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo.errors import ModelError
from zoo.noise import Noise

if TYPE_CHECKING:
    import keras

Batch = dict[str, Any]
"""The inputs of a loss: fields of the data, noise and the step, by name."""
Logs = dict[str, Any]
"""The results of a loss or a network, by name."""


def always(step: int) -> bool:
    """Every step."""
    return True


def every(interval: int) -> Callable[[int], bool]:
    """Whether a step is a multiple of the interval: `when` of a lazy phase."""
    if interval < 1:
        raise ModelError(f"A phase runs every step or more seldom. Received: every({interval})")
    return lambda step: step % interval == 0


@dataclass(frozen=True)
class Phase:
    """One of the updates that make up a training step.

    Attributes:
        loss: `loss(batch, training)` → scalars by name; the one named `"loss"` is minimised.
            A pure function of the weights and the batch. State that the next loss reads is
            returned under `"next"`: the name of the model's variable, `k`, or `layer.k` of a layer
            → its value, assigned after the update. `batch["step"]` is the number of the training
            step, a float32 scalar.
        networks: The networks to update; their trainable variables and nothing else change.
        optimizer: Phases may share one where they update the same networks, in the same order.
        repeat: Updates per step, each on a fresh batch and fresh noise.
        when: Whether the phase takes part in a step, by the step's number; every step by default.
            A pure function: it is asked for steps ahead too. Steps count from 0 over all calls of
            `fit` and resumed runs.
        partial: Whether some weights may have no gradient, as biases in a penalty on slopes;
            theirs is 0 then.
        noise: The names of the model's noises that the loss reads; None for all.
    """

    loss: Callable[[dict[str, Any], bool], Logs]
    networks: Sequence[keras.Model]
    optimizer: keras.optimizers.Optimizer
    repeat: int = 1
    when: Callable[[int], bool] = always
    partial: bool = False
    noise: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if self.repeat < 1:
            raise ModelError(f"A phase runs at least once a step. Received: repeat={self.repeat}")
        for name, value in (("loss", self.loss), ("when", self.when)):
            if not callable(value):
                raise ModelError(f"{name} of a phase is a function. Received: {value!r}")
        if not hasattr(self.optimizer, "stateless_apply"):
            raise ModelError(
                f"The optimizer of phase {self.name!r} is a Keras optimizer. "
                f"Received: {self.optimizer!r}. Accepted: such as keras.optimizers.Adam(1e-3)."
            )

    @property
    def name(self) -> str:
        """The loss's name without its suffix: `critic_loss` → `critic`."""
        return self.loss.__name__.removesuffix("_loss")

    @property
    def variables(self) -> list[keras.Variable]:
        """The trainable variables of the networks, each once."""
        unique = {id(v): v for network in self.networks for v in network.trainable_variables}
        return list(unique.values())


def check_declared(
    model: str,
    phases: Sequence[Phase],
    noise: Mapping[str, Noise],
    reads: Mapping[str, Sequence[int]],
) -> None:
    """Checks what a model's `assemble` has declared.

    Raises:
        ModelError: A phase trains nothing, or a noise is none or has the name of
            something else that a batch holds.
    """
    for name, value in noise.items():
        if not isinstance(value, Noise):
            raise ModelError(
                f"{model}: noise is made by normal, uniform, categorical or bernoulli. "
                f"Received: {name}={value!r}"
            )
        if name in ("data", "labels", "step", *reads):
            raise ModelError(f"{model}: a batch holds {name!r} already. Received: noise {name!r}.")
    for phase in phases:
        if not phase.variables:
            raise ModelError(
                f"{model}: a phase updates networks with weights. Received: phase {phase.name!r} "
                "without any."
            )
        if not set(phase.noise or ()) <= set(noise):
            raise ModelError(
                f"{model}: phase {phase.name!r} reads noises of the model: "
                f"{', '.join(noise) or 'none'}. Received: noise={phase.noise!r}"
            )


def check_logs(phase: Phase, logs: Any) -> None:
    """Checks what a phase's loss has returned.

    Raises:
        ModelError: It is no dictionary of scalars with a `"loss"`.
    """
    if not isinstance(logs, dict) or "loss" not in logs:
        received = f"the keys {', '.join(logs)}" if isinstance(logs, dict) else type(logs).__name__
        raise ModelError(
            f'The loss of phase {phase.name!r} returns a dictionary with "loss". '
            f"Received: {received}"
        )
    if not isinstance(logs.get("next", {}), dict):
        raise ModelError(
            f'"next" of phase {phase.name!r} is a dictionary: state → its value. '
            f"Received: {type(logs['next']).__name__}"
        )
    for name, value in logs.items():
        if name != "next" and tuple(getattr(value, "shape", ())) != ():
            raise ModelError(
                f"Logs of phase {phase.name!r} are scalars, such as means over the batch. "
                f"Received: {name!r} of shape {tuple(value.shape)}"
            )
