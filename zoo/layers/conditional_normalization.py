"""Batch normalization that reads a condition, such as labels."""

from typing import Any

import keras
from keras import initializers, ops

from zoo.layers.normalization import BatchNormalization
from zoo.layers.spectral import SpectralDense


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
        spectral: Whether G and B are divided by their largest singular values, as in BigGAN
            (Brock et al., 2018, arXiv:1809.11096); their initial values are not 0 then.
    """

    def __init__(
        self,
        *,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        gain_initializer: Any = "zeros",
        offset_initializer: Any = "zeros",
        spectral: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.momentum = momentum
        self.epsilon = epsilon
        self.gain_initializer = initializers.get(gain_initializer)
        self.offset_initializer = initializers.get(offset_initializer)
        self.spectral = spectral
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
        self.gain = self._matrix("gain", self.gain_initializer, condition, data[-1])
        self.offset = self._matrix("offset", self.offset_initializer, condition, data[-1])
        self.built = True

    def _matrix(self, name: str, initializer: Any, condition: Any, channels: int) -> Any:
        """G or B: a weight, or a layer that normalizes its own."""
        if not self.spectral:
            return self.add_weight(
                shape=(condition[-1], channels), initializer=initializer, name=name
            )
        layer = SpectralDense(
            channels,
            use_bias=False,
            kernel_initializer=initializer,
            dtype=self.dtype_policy,
            name=name,
        )
        layer.build(condition)
        return layer

    def _product(self, matrix: Any, condition: Any, training: bool | None) -> Any:
        if self.spectral:
            return matrix(condition, training=training)
        return ops.matmul(condition, ops.convert_to_tensor(matrix))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Normalizes `[data, condition]`: `(batch, …, channels)` and `(batch, condition)`."""
        data, condition = inputs
        shape = (-1, *[1] * (len(data.shape) - 2), data.shape[-1])
        gain, offset = (
            ops.reshape(self._product(matrix, condition, training), shape)
            for matrix in (self.gain, self.offset)
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
            "spectral": self.spectral,
        }
