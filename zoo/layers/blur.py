"""Smoothing of maps before they are halved and after they are doubled."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from zoo.errors import ModelError


@keras.saving.register_keras_serializable("genzoo")
class Blur(keras.Layer):
    """Weights ⅛, ⅜, ⅜, ⅛ along each side of maps with zeros around them: the mean of two, thrice.

    A side of n becomes n − 3 and the zeros.

    Args:
        padding: Zeros before and after each side.
        gain: Factor on the result.
        options: Keras's, of every layer.

    Raises:
        ModelError: There are not two numbers for a side.
    """

    def __init__(self, padding: Sequence[Sequence[int]], gain: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.padding = tuple(tuple(side) for side in padding)
        self.gain = gain
        if any(len(side) != 2 for side in self.padding):
            raise ModelError(f"padding is two numbers for each side. Received: {self.padding}")

    def call(self, inputs: Any) -> Any:
        """Smooths maps `(batch, …, channels)`."""
        x = ops.pad(inputs, ((0, 0), *self.padding, (0, 0)))
        for _ in range(3):
            x = ops.average_pool(x, 2, 1, "valid", data_format="channels_last")
        return x * self.gain if self.gain != 1 else x

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Each side less 3, and its zeros."""
        batch, *sides, channels = input_shape
        found = (n + sum(zeros) - 3 for n, zeros in zip(sides, self.padding, strict=True))
        return (batch, *found, channels)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "padding": self.padding, "gain": self.gain}
