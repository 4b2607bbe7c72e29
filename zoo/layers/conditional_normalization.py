"""Batch normalization that reads a condition, such as labels."""

from typing import Any

import keras
from keras import initializers, ops

from zoo.layers.normalization import BatchNormalization


@keras.saving.register_keras_serializable("genzoo")
class ConditionalBatchNormalization(keras.layers.Layer):
    """Batch normalization whose gain and offset are linear in a condition.

    The gain is 1 + condition·G and the offset condition·B, for matrices G and B of shape
    `(condition, channels)`: with one-hot labels, a row for each class.

    Source: Dumoulin et al., 2017, arXiv:1610.07629; de Vries et al., 2017, arXiv:1707.00683.

    Args:
        momentum: Of the moving statistics.
        epsilon: Added to the variance.
        gain_initializer: Of G.
        offset_initializer: Of B.
    """

    def __init__(
        self,
        *,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        gain_initializer: Any = "zeros",
        offset_initializer: Any = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.momentum = momentum
        self.epsilon = epsilon
        self.gain_initializer = initializers.get(gain_initializer)
        self.offset_initializer = initializers.get(offset_initializer)
        self.normalization = BatchNormalization(
            momentum=momentum,
            epsilon=epsilon,
            center=False,
            scale=False,
            dtype=self.dtype_policy,
            name="normalization",
        )

    def build(self, input_shape: Any) -> None:
        """Adds G and B to the layer's weights."""
        data, condition = input_shape
        self.normalization.build(data)
        shape = (condition[-1], data[-1])
        self.gain = self.add_weight(shape=shape, initializer=self.gain_initializer, name="gain")
        self.offset = self.add_weight(
            shape=shape, initializer=self.offset_initializer, name="offset"
        )
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Normalizes `[data, condition]`: `(batch, …, channels)` and `(batch, condition)`."""
        data, condition = inputs
        shape = (-1, *[1] * (len(data.shape) - 2), data.shape[-1])
        gain, offset = (
            ops.reshape(ops.matmul(condition, ops.convert_to_tensor(weight)), shape)
            for weight in (self.gain, self.offset)
        )
        normal = self.normalization(data, training=training)
        return normal * (1 + gain) + offset

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the data."""
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "gain_initializer": initializers.serialize(self.gain_initializer),
            "offset_initializer": initializers.serialize(self.offset_initializer),
        }
