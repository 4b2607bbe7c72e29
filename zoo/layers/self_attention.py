"""Attention between the positions of a map."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import initializers, layers, ops

from zoo.layers.spectral import SpectralDense

NARROWER = 8
"""How many times fewer channels queries and keys, and by default values, have than the map."""

LARGEST_SCORE = 1e4
"""Products of queries and keys are cut there: compiled, a product may be computed anew beside its
maximum, with one rounding fewer, and a larger one's exponential would not be finite."""


@keras.saving.register_keras_serializable("genzoo")
class SelfAttention(keras.Layer):
    """x + gain · W_o Σ softmax(f(x)ᵀg(x)) h(x) over all positions, with a gain that starts at 0.

    Source: Zhang et al., 2018, arXiv:1805.08318, equations 1 to 3. f, g and h have an eighth of the
    channels. There are no biases, which softmax would cancel in the keys. In the authors' code,
    and in BigGAN (Brock et al., 2018, arXiv:1809.11096), h has half of the channels, and f and h
    the largest of two by two positions.

    Args:
        spectral: Whether each kernel is divided by its largest singular value.
        value_share: How many times fewer channels the values have than the map.
        pooled: Whether keys and values are the largest ones of two positions along each side.
        kernel_initializer: Of the four kernels.
        options: Keras's, of every layer.
    """

    def __init__(
        self,
        *,
        spectral: bool = False,
        value_share: int = NARROWER,
        pooled: bool = False,
        kernel_initializer: Any = "glorot_uniform",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.spectral = spectral
        self.value_share = value_share
        self.pooled = pooled
        self.kernel_initializer = initializers.get(kernel_initializer)

    def build(self, input_shape: Any) -> None:
        """Adds the four kernels and the gain."""
        *_, channels = input_shape
        kind = SpectralDense if self.spectral else layers.Dense
        tokens = (None, math.prod(input_shape[1:-1]))
        narrow, values = (max(1, channels // n) for n in (NARROWER, self.value_share))
        sizes = {"queries": narrow, "keys": narrow, "values": values, "outputs": channels}
        for name, units in sizes.items():
            layer = kind(
                units,
                use_bias=False,
                kernel_initializer=self.kernel_initializer,
                dtype=self.dtype_policy,
                name=name,
            )
            layer.build((*tokens, values if name == "outputs" else channels))
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
        if self.pooled:
            keys, values = (self._largest(x, shape) for x in (keys, values))
        scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))
        weights = ops.softmax(ops.clip(scores, -LARGEST_SCORE, LARGEST_SCORE), axis=-1)
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

    def _largest(self, tokens: Any, shape: Sequence[int]) -> Any:
        """The largest values of two neighbours along each side, one at an odd edge."""
        space, channels = shape[:-1], tokens.shape[-1]
        x = ops.reshape(tokens, (-1, *space, channels))
        x = ops.max_pool(x, 2, 2, padding="same", data_format="channels_last")
        return ops.reshape(x, (-1, math.prod(x.shape[1:-1]), channels))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the map."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "spectral": self.spectral,
            "value_share": self.value_share,
            "pooled": self.pooled,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
        }
