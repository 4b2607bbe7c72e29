"""Exponential moving averages of weights."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
from keras import ops


class WeightAverage(keras.Layer):
    """The exponential moving average of weights: `average ← decay·average + (1 − decay)·weight`.

    Args:
        variables: The trained weights.
        decay: Between 0 and 1, such as .999.
    """

    def __init__(self, variables: Sequence[keras.Variable], decay: float) -> None:
        super().__init__(name="average", trainable=False)
        self.decay = decay
        object.__setattr__(self, "_followed", list(variables))  # Not the average's own weights.
        self._positions = {id(v): i for i, v in enumerate(variables)}
        self.averages = [
            self.add_weight(
                shape=v.shape, dtype=v.dtype, trainable=False, name=f"{i}", initializer="zeros"
            )
            for i, v in enumerate(variables)
        ]
        for average, variable in zip(self.averages, variables, strict=True):
            average.assign(ops.convert_to_numpy(variable).copy())  # JAX donates: no sharing.
        self.built = True

    def update(self, variables: Sequence[keras.Variable]) -> None:
        """Moves the averages of these weights towards their present values."""
        for variable in variables:
            average = self.averages[self._positions[id(variable)]]
            average.assign(self.decay * average.value + (1 - self.decay) * variable.value)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Gives the weights their averages, and their own values back when the block ends."""
        own = [ops.convert_to_numpy(variable).copy() for variable in self._followed]
        for variable, average in zip(self._followed, self.averages, strict=True):
            variable.assign(ops.convert_to_numpy(average).copy())
        try:
            yield
        finally:
            for variable, value in zip(self._followed, own, strict=True):
                variable.assign(value)
