"""Several optimizers seen as one."""

from collections.abc import Sequence
from typing import Any

import keras


class OptimizerGroup:
    """A model's optimizers, for callbacks that read and set one learning rate.

    The group's learning rate is the first optimizer's; setting it scales the others by the same
    factor, so the ratio between a generator and its critic stays.
    """

    def __init__(self, members: Sequence[keras.optimizers.Optimizer]) -> None:
        self.members = [getattr(member, "inner_optimizer", member) for member in members]

    @property
    def learning_rate(self) -> Any:
        """The first optimizer's learning rate."""
        return self.members[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        first = float(keras.ops.convert_to_numpy(self.members[0].learning_rate))
        for member in self.members[1:]:
            own = float(keras.ops.convert_to_numpy(member.learning_rate))
            member.learning_rate = own * float(value) / first if first else value
        self.members[0].learning_rate = value

    @property
    def variables(self) -> list[keras.Variable]:
        """All the optimizers' variables."""
        return [variable for member in self.members for variable in member.variables]
