"""How much the rows of a batch differ, as a further channel."""

from typing import Any

import keras
from keras import ops

from zoo.precision import precise

SMALLEST_SQUARE = 1e-8


@keras.saving.register_keras_serializable("genzoo")
class MinibatchDeviation(keras.Layer):
    """Adds a channel: the standard deviation over the batch, mean over positions and channels.

    Source: Karras et al., 2017, arXiv:1710.10196, section 3. It is taken over the whole batch, as
    the paper says; the authors' code takes it over groups of four.
    """

    def call(self, inputs: Any) -> Any:
        """Adds the channel to maps `(batch, …, channels)`."""
        values = precise(inputs)
        centred = values - ops.mean(values, axis=0, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=0)
        deviation = ops.cast(ops.mean(ops.sqrt(variance + SMALLEST_SQUARE)), inputs.dtype)
        return ops.concatenate([inputs, deviation * ops.ones_like(inputs[..., :1])], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """One channel more."""
        return (*input_shape[:-1], input_shape[-1] + 1)
