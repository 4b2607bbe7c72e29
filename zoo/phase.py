"""A phase of training: which loss updates which networks, with which optimizer, when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

Batch = dict[str, Any]
"""What a loss reads: fields of the data, noise and the step, by name."""
Logs = dict[str, Any]
"""What a loss or a network gives, by name."""


def always(step: int) -> bool:
    """Every step."""
    return True


@dataclass(frozen=True)
class Phase:
    """One of the updates that make up a training step.

    Attributes:
        loss: `loss(batch, training)` → scalars by name; the one named `"loss"` is minimised.
            A pure function of the weights and the batch. State that the next loss reads is
            returned under `"next"`: the name of the model's variable → its value, assigned after
            the update. `batch["step"]` is the number of the training step, a float32 scalar.
        networks: What the phase updates; their trainable variables and nothing else change.
        optimizer: Phases may share one where they update the same networks, in the same order.
        repeat: Updates per step, each on a fresh batch and fresh noise.
        when: Whether the phase takes part in a step, by the step's number; every step by default.
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
            raise ValueError(f"A phase runs at least once a step. Received: repeat={self.repeat}")

    @property
    def name(self) -> str:
        """The loss's name without its suffix: `critic_loss` → `critic`."""
        return self.loss.__name__.removesuffix("_loss")

    @property
    def variables(self) -> list[keras.Variable]:
        """The trainable variables of the networks, each once."""
        unique = {id(v): v for network in self.networks for v in network.trainable_variables}
        return list(unique.values())
