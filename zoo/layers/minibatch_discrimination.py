"""How near the rows of a batch are to each other, as further features."""

from typing import Any

import keras
from keras import ops

from zoo.precision import precise, precise_dtype


@keras.saving.register_keras_serializable("genzoo")
class MinibatchDiscrimination(keras.Layer):
    """Adds features: of each kernel b, Σⱼ exp(−‖xᵢT_b − xⱼT_b‖₁) over the rows j of the batch.

    Source: Salimans et al., 2016, arXiv:1606.03498, section 3.2. A row is compared with itself,
    too, as the paper writes it, which adds 1; the authors' code leaves it out, and adds a bias.

    Args:
        kernels: How many features are added.
        kernel_dim: Of what distances are taken in.
        options: Keras's, of every layer.
    """

    def __init__(self, kernels: int = 100, kernel_dim: int = 5, **options: Any) -> None:
        super().__init__(**options)
        self.kernels = kernels
        self.kernel_dim = kernel_dim

    def build(self, input_shape: Any) -> None:
        """Makes T `(features, kernels · kernel_dim)`."""
        self.projection = self.add_weight(
            shape=(input_shape[-1], self.kernels * self.kernel_dim),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
            autocast=False,
            name="projection",
            dtype=precise_dtype(),
        )
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        """Adds the features to vectors `(batch, features)`."""
        projected = ops.matmul(precise(inputs), ops.convert_to_tensor(self.projection))
        rows = ops.reshape(projected, (-1, self.kernels, self.kernel_dim))
        distances = ops.sum(ops.abs(rows[:, None] - rows[None]), axis=-1)
        near = ops.cast(ops.sum(ops.exp(-distances), axis=1), inputs.dtype)
        return ops.concatenate([inputs, near], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """As many features more as there are kernels."""
        return (*input_shape[:-1], input_shape[-1] + self.kernels)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "kernels": self.kernels,
            "kernel_dim": self.kernel_dim,
        }
