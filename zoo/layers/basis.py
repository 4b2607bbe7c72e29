"""A learned map that a vector scales, channel by channel."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("genzoo")
class Basis(keras.Layer):
    """Vectors `(batch, channels)` as maps: `basis · vector`, of a basis `(…, channels)`.

    Source: the authors' code of Huang et al., 2025, arXiv:2501.05441. The basis starts at N(0, 1).

    Args:
        size: Of the maps.
        options: Keras's, of every layer.
    """

    def __init__(self, size: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        self.size = tuple(size)

    def build(self, input_shape: Any) -> None:
        """Adds the basis."""
        normal = keras.initializers.RandomNormal(stddev=1.0)
        shape = (*self.size, input_shape[-1])
        self.basis = self.add_weight(shape=shape, initializer=normal, name="basis")
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Scales the basis by each vector."""
        ones = [1] * len(self.size)
        vectors = ops.reshape(inputs, (-1, *ones, inputs.shape[-1]))
        return vectors * ops.convert_to_tensor(self.basis)[None]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The size and the channels."""
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "size": self.size}
