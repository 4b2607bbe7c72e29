"""Noise that a layer adds as strongly as it learns to."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("genzoo")
class ScaledNoise(keras.Layer):
    """data + strength·noise, of a strength that starts at 0.

    Source: Karras et al., 2019, arXiv:1912.04958, section 2.2: one strength for all channels.
    """

    def build(self, input_shape: Any) -> None:
        """Adds the strength."""
        self.strength = self.add_weight(shape=(), initializer="zeros", name="strength")
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Adds the noise of `[data, noise]`: `(batch, …, channels)` and `(batch, …, 1)`."""
        data, noise = inputs
        return data + ops.convert_to_tensor(self.strength) * ops.cast(noise, data.dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the data."""
        return tuple(input_shape[0])
