"""Styles drawn towards their mean."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("genzoo")
class Truncation(keras.Layer):
    """mean + ψ·(style − mean), of the moving mean of all styles in training.

    Source: Karras et al., 2018, arXiv:1812.04948, appendix B.

    Args:
        momentum: Of the moving mean.
        options: Keras's, of every layer.
    """

    def __init__(self, momentum: float = 0.995, **options: Any) -> None:
        super().__init__(**options)
        self.momentum = momentum

    def build(self, input_shape: Any) -> None:
        """Adds the mean."""
        style, _ = input_shape
        self.moving_mean = self.add_weight(
            shape=(style[-1],), initializer="zeros", trainable=False, name="moving_mean"
        )
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Truncates `[style, factor]`: `(batch, units)` and ψ `(batch,)`."""
        style, factor = inputs
        if training and self.trainable:
            mean = ops.stop_gradient(ops.mean(style, axis=0))
            own = ops.cast(ops.convert_to_tensor(self.moving_mean), mean.dtype)
            self.moving_mean.assign(own * self.momentum + mean * (1 - self.momentum))
        mean = ops.cast(ops.convert_to_tensor(self.moving_mean), style.dtype)
        return mean + ops.cast(factor, style.dtype)[:, None] * (style - mean)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the styles."""
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "momentum": self.momentum}
