"""Rows of positions as a map."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("genzoo")
class LikeMap(keras.layers.Layer):
    """Positions in a row, arranged as those of a map: `(batch, h·w, …)`, `(batch, h, w, …)`.

    Called with `[rows, map]`. Height and width may be unknown, where `keras.layers.Reshape`, which
    takes one unknown size, would not do.
    """

    def call(self, inputs: Any) -> Any:
        """The rows in the shape of the map, with their own channels."""
        rows, like = inputs
        return ops.reshape(rows, (*ops.shape(like)[:-1], rows.shape[-1]))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the map, with the channels of the rows."""
        rows, like = input_shape
        return (*like[:-1], rows[-1])
