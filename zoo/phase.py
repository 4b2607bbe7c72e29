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


@dataclass(frozen=True)
class Phase:
    """One of the updates that make up a training step.

    Attributes:
        loss: `loss(batch, training)` → scalars by name; the one named `"loss"` is minimised.
            A pure function of the weights and the batch, apart from state that it assigns itself.
        networks: What the phase updates; their trainable variables and nothing else change.
        optimizer: Owned by this phase alone.
        repeat: Updates per step, each on a fresh batch and fresh noise.
        when: Whether the phase takes part in a step, by the step's number; every step by default.
    """

    loss: Callable[[dict[str, Any], bool], Logs]
    networks: Sequence[keras.Model]
    optimizer: keras.optimizers.Optimizer
    repeat: int = 1
    when: Callable[[int], bool] | None = None

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
