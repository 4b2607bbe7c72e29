"""Exponential moving averages of weights."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
from keras import ops

from zoo.phase import Phase

STATISTICS = ("moving_mean", "moving_variance")
"""The statistics that batch normalization keeps."""


def followed_by_average(phase: Phase) -> list[keras.Variable]:
    """The weights that a phase trains, then the statistics of their batch normalization.

    Averaged weights need averaged statistics: those of the last weights are of other activations.
    """
    kept = (v for network in phase.networks for v in network.non_trainable_variables)
    found = [*phase.variables, *(v for v in kept if v.name in STATISTICS)]
    return list({id(variable): variable for variable in found}.values())


class Followed:
    """The weights that an average follows, in an object that Keras does not look into."""

    def __init__(self, variables: Sequence[keras.Variable]) -> None:
        self.variables = list(variables)
        self.positions = {id(variable): i for i, variable in enumerate(variables)}


class WeightAverage(keras.Layer):
    """The exponential moving average of weights: `average ← d·average + (1 − d)·weight`.

    The decay d warms up, so that the average soon forgets the random weights that it starts at:
    `d = min(decay, (1 + t)/(10 + t))` at a weight's update number t, from 0.

    Args:
        variables: The trained weights, and the statistics that go with them.
        decay: Between 0 and 1, such as .999.
    """

    def __init__(self, variables: Sequence[keras.Variable], decay: float) -> None:
        super().__init__(name="average", trainable=False)
        self.decay = decay
        self.followed = Followed(variables)
        self.averages = [
            self.add_weight(
                shape=v.shape, dtype=v.dtype, trainable=False, name=f"{i}", initializer="zeros"
            )
            for i, v in enumerate(variables)
        ]
        self.counts = self.add_weight(
            shape=(len(self.averages),),
            dtype="float32",
            trainable=False,
            name="counts",
            initializer="zeros",
        )
        for average, variable in zip(self.averages, variables, strict=True):
            average.assign(ops.convert_to_numpy(variable).copy())  # JAX donates: no sharing.
        self.built = True

    def update(self, variables: Sequence[keras.Variable]) -> None:
        """Moves the averages of these weights towards their present values."""
        positions = [self.followed.positions[id(variable)] for variable in variables]
        counts = ops.convert_to_tensor(self.counts)
        decays = ops.minimum(self.decay, (1 + counts) / (10 + counts))
        for position, variable in zip(positions, variables, strict=True):
            average, decay = self.averages[position], ops.cast(decays[position], variable.dtype)
            average.assign(decay * average.value + (1 - decay) * variable.value)
        moved = [float(i in set(positions)) for i in range(len(self.averages))]
        self.counts.assign(counts + ops.convert_to_tensor(moved, "float32"))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Gives the weights their averages, and their own values back when the block ends."""
        followed = self.followed.variables
        own = [ops.convert_to_numpy(variable).copy() for variable in followed]
        for variable, average in zip(followed, self.averages, strict=True):
            variable.assign(ops.convert_to_numpy(average).copy())
        try:
            yield
        finally:
            for variable, value in zip(followed, own, strict=True):
                variable.assign(value)
