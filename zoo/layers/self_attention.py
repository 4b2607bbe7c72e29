"""Attention between the positions of a map."""

import math
from typing import Any

import keras
from keras import layers, ops

from zoo.layers.spectral import SpectralDense

NARROWER = 8
"""How many times fewer channels queries, keys and values have than the map."""


@keras.saving.register_keras_serializable("genzoo")
class SelfAttention(keras.Layer):
    """x + gain · W_o Σ softmax(f(x)ᵀg(x)) h(x) over all positions, with a gain that starts at 0.

    Source: Zhang et al., 2018, arXiv:1805.08318, equations 1 to 3. f, g and h have an eighth of the
    channels. There are no biases, which softmax would cancel in the keys.

    Args:
        spectral: Whether each kernel is divided by its largest singular value.
        options: Keras's, of every layer.
    """

    def __init__(self, *, spectral: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.spectral = spectral

    def build(self, input_shape: Any) -> None:
        """Adds the four kernels and the gain."""
        *_, channels = input_shape
        kind = SpectralDense if self.spectral else layers.Dense
        tokens = (None, math.prod(input_shape[1:-1]))
        narrow = max(1, channels // NARROWER)
        sizes = {"queries": narrow, "keys": narrow, "values": narrow, "outputs": channels}
        for name, units in sizes.items():
            layer = kind(units, use_bias=False, dtype=self.dtype_policy, name=name)
            layer.build((*tokens, narrow if name == "outputs" else channels))
            setattr(self, name, layer)
        self.gain = self.add_weight(shape=(), initializer="zeros", name="gain")
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """A map `(batch, …, channels)` of the same shape."""
        shape = inputs.shape[1:]
        tokens = ops.reshape(inputs, (-1, math.prod(shape[:-1]), shape[-1]))
        queries, keys, values = (
            self._kernel(name)(tokens, training) for name in ("queries", "keys", "values")
        )
        weights = ops.softmax(ops.matmul(queries, ops.transpose(keys, (0, 2, 1))), axis=-1)
        attended = self._kernel("outputs")(ops.matmul(weights, values), training)
        gain = ops.cast(ops.convert_to_tensor(self.gain), inputs.dtype)
        return inputs + gain * ops.reshape(attended, (-1, *shape))

    def _kernel(self, name: str) -> Any:
        layer = getattr(self, name)
        return (
            (lambda x, training: layer(x, training=training))
            if self.spectral
            else (lambda x, training: layer(x))
        )

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the map."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "spectral": self.spectral}
