"""Numbers as a place within one mode of their column, and back."""

from typing import Any

import keras
from keras import ops

from zoo.precision import precise

WIDTH = 4.0
"""The deviations from a mode's mean that its scalar spans on either side."""
LARGEST = 0.99
"""Of the scalar of data: a hyperbolic tangent comes near 1 only."""
ABSENT = -1e9
"""Added to the logit of a mode that a column does not have."""


@keras.saving.register_keras_serializable("genzoo")
class ColumnModes(keras.Layer):
    """Mode-specific normalization, and its inverse (Xu et al., 2019, arXiv:1907.00503, 4.2).

    A number c of mode k is (c − mean_k) / (4 stddev_k) and the mode's one-hot. The weights are
    those of a Gaussian mixture for each column, `(columns, modes)`; a mode of weight 0 does not
    exist. Until they are assigned, every column is one standard normal mode.
    """

    def build(self, input_shape: Any) -> None:
        """Adds the mixtures, which nothing trains."""
        shape = tuple(input_shape[0][1:])
        options = {"shape": shape, "trainable": False, "autocast": False}
        self.weight = self.add_weight(name="weight", initializer=_first, **options)
        self.mean = self.add_weight(name="mean", initializer="zeros", **options)
        self.stddev = self.add_weight(name="stddev", initializer="ones", **options)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Modes `(batch, columns, modes)` and scalars `(batch, columns)` → numbers.

        Of the modes' logits the largest counts.
        """
        logits, scalars = map(precise, inputs)
        chosen = ops.argmax(logits + self.absent, axis=-1)
        chosen = ops.one_hot(chosen, logits.shape[-1], dtype=logits.dtype)
        mean, stddev = (ops.sum(chosen * self._of(x), axis=-1) for x in ("mean", "stddev"))
        return mean + WIDTH * stddev * scalars

    def normalize(self, numbers: Any, quantiles: Any) -> tuple[Any, Any]:
        """Numbers → scalars `(batch, columns)` and one-hot modes `(batch, columns, modes)`.

        The mode is drawn from the posterior: the first whose cumulated probability exceeds the
        quantile `(batch, columns)`.
        """
        far = (precise(numbers)[:, :, None] - self._of("mean")) / self._of("stddev")
        logits = self.absent - ops.log(self._of("stddev")) - 0.5 * ops.square(far)
        logits = logits + ops.log(ops.maximum(self._of("weight"), 1e-30))
        passed = ops.cumsum(ops.softmax(logits, axis=-1), axis=-1) <= quantiles[:, :, None]
        # Rounding may leave the sum below the quantile: the likeliest mode takes what is left.
        beyond = ops.all(passed, axis=-1)
        chosen = ops.where(
            beyond, ops.argmax(logits, axis=-1), ops.sum(ops.cast(passed, "int32"), axis=-1)
        )
        modes = ops.one_hot(chosen, logits.shape[-1], dtype=logits.dtype)
        scalars = ops.sum(modes * far, axis=-1) / WIDTH
        return ops.clip(scalars, -LARGEST, LARGEST), modes

    @property
    def absent(self) -> Any:
        """0 for each mode of a column, and a large negative number for those that it has not."""
        weight = self._of("weight")
        return ops.where(weight > 0, ops.zeros_like(weight), ops.full_like(weight, ABSENT))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the scalars."""
        return input_shape[1]

    def _of(self, name: str) -> Any:
        return ops.convert_to_tensor(getattr(self, name))


def _first(shape: Any, dtype: Any = None) -> Any:
    """1 for the first mode of each column, else 0."""
    return ops.one_hot(ops.zeros(shape[0], "int32"), shape[1], dtype=dtype)
