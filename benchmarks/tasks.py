"""A task: one workload of one model at one batch size."""

from __future__ import annotations

from dataclasses import dataclass

TRAIN = "train_step"
PEAK = "peak"
"""The name under which the machine's ceilings are measured, in the place of a model's."""


@dataclass(frozen=True)
class Task:
    """A workload of one model at one batch size: what its subjects have in common.

    Attributes:
        model: The model's name, or `PEAK`.
        workload: `TRAIN`, or a use of the model.
        batch: The batch size.
    """

    model: str
    workload: str
    batch: int

    @property
    def key(self) -> str:
        """The task's name in a file of results."""
        return f"{self.model}/{self.workload}/{self.batch}"
