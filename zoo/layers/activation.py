"""Activations whose derivatives agree between backends."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("genzoo")
class LeakyReLU(keras.layers.LeakyReLU):
    """max(x, slope·x), whose derivative at 0 is the slope on every backend.

    Keras's own has 1 there on JAX and the slope elsewhere; a generator whose units are all dead for
    a latent makes data that are exactly 0. The arguments are Keras's.
    """

    export_as = keras.layers.LeakyReLU

    def call(self, inputs: Any) -> Any:
        """Applies it to each element."""
        return ops.where(inputs > 0, inputs, self.negative_slope * inputs)
