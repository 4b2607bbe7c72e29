"""Standard deviations that are learnt, one of each column."""

from typing import Any

import keras
from keras import ops

from zoo.precision import precise

LEAST = 0.01
"""The smallest deviation, that of a column which the decoder knows; likelihoods stay finite."""


@keras.saving.register_keras_serializable("genzoo")
class ColumnDeviation(keras.Layer):
    """exp(weight) + 0.01, the same for every row: `(batch, columns)` of the inputs' shape."""

    def build(self, input_shape: Any) -> None:
        """Adds the logarithms, 0 at first."""
        self.log_stddev = self.add_weight(
            shape=(input_shape[-1],), initializer="zeros", autocast=False, name="log_stddev"
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The deviations, one row for each of the inputs."""
        # A maximum of both would have no slope below the bound, and so no way back.
        found = ops.exp(ops.convert_to_tensor(self.log_stddev)) + LEAST
        return ops.zeros_like(precise(inputs)) + found

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the input."""
        return input_shape
