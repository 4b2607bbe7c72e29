"""Models within models: their phases and noise as those of the model around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zoo.model import GenerativeModel
from zoo.noise import Noise
from zoo.phase import Batch, Logs, Phase


def unchanged(batch: Batch, training: bool) -> Batch:
    """The batch as it is."""
    return batch


@dataclass(frozen=True)
class Inner:
    """A model whose phases take part in the steps of another one.

    Its losses read a batch in which its noise has its own names and the steps count from its
    first one; the states that they return are those of the inner model.

    Attributes:
        name: The attribute of the outer model that holds it.
        model: The inner model.
        first: The step of the outer model at which it begins to train.
        end: The step before which it ends; None where it does not.
        prefix: The beginning of the outer model's names of its noise and phases.
        given: `given(batch, training)` → what its losses read, such as rescaled data.
        reads: The outer model's noises that `given` reads.
    """

    name: str
    model: GenerativeModel
    first: int = 0
    end: int | None = None
    prefix: str = ""
    given: Callable[[Batch, bool], Batch] = unchanged
    reads: Sequence[str] = ()

    @property
    def noise(self) -> dict[str, Noise]:
        """The noise that it reads, by the outer model's names."""
        return {self.prefix + name: noise for name, noise in self.model.noise.items()}

    def runs(self, step: int) -> bool:
        """Whether it trains at a step of the outer model."""
        return self.first <= step and (self.end is None or step < self.end)

    def phases(self) -> list[Phase]:
        """Its phases, as the outer model's."""
        return [self._outer(phase) for phase in self.model.phases]

    def _outer(self, phase: Phase) -> Phase:
        names = list(self.model.noise) if phase.noise is None else list(phase.noise)

        def loss(batch: Batch, training: bool) -> Logs:
            own = {name: batch[self.prefix + name] for name in names}
            batch = self.given(batch, training) | own | {"step": batch["step"] - self.first}
            logs = dict(phase.loss(batch, training))
            following = logs.pop("next", {})
            states = {f"{self.name}.{name}": value for name, value in following.items()}
            return logs | ({"next": states} if states else {})

        loss.__name__ = self.prefix + phase.loss.__name__
        optimizer: Any = phase.optimizer
        return replace(
            phase,
            loss=loss,
            # The outer model scales losses itself.
            optimizer=getattr(optimizer, "inner_optimizer", optimizer),
            when=lambda step: self.runs(step) and phase.when(step - self.first),
            noise=[*(self.prefix + name for name in names), *self.reads],
        )
