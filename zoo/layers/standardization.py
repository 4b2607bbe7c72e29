"""Features brought to mean 0 and standard deviation 1, and back."""

from typing import Any

import keras
from keras import ops

from zoo.precision import precise


class _Scaled(keras.layers.Layer):
    """Holds the mean and the standard deviation of features: 0 and 1 until they are assigned."""

    def build(self, input_shape: Any) -> None:
        """Adds the two weights, which nothing trains."""
        shape = (input_shape[-1],)
        self.mean = self.add_weight(
            shape=shape, initializer="zeros", trainable=False, autocast=False, name="mean"
        )
        self.stddev = self.add_weight(
            shape=shape, initializer="ones", trainable=False, autocast=False, name="stddev"
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the input."""
        return input_shape


@keras.saving.register_keras_serializable("genzoo")
class Standardize(_Scaled):
    """(x − mean) / stddev, feature by feature: `(batch, features)`, float32."""

    def call(self, inputs: Any) -> Any:
        """Standardizes each row."""
        mean, stddev = map(ops.convert_to_tensor, (self.mean, self.stddev))
        return (precise(inputs) - mean) / stddev


@keras.saving.register_keras_serializable("genzoo")
class Destandardize(_Scaled):
    """x · stddev + mean, feature by feature: `(batch, features)`, float32."""

    def call(self, inputs: Any) -> Any:
        """Gives each row its units back."""
        mean, stddev = map(ops.convert_to_tensor, (self.mean, self.stddev))
        return precise(inputs) * stddev + mean
