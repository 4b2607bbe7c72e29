"""Convolutions whose kernels a style scales, sample by sample.

Source: Karras et al., 2019, arXiv:1912.04958, section 2.2.
"""

import math
from typing import Any

import keras
from keras import ops

from zoo.errors import ModelError
from zoo.layers.blur import Blur
from zoo.precision import precise

SMALLEST_SQUARE = 1e-8


@keras.saving.register_keras_serializable("genzoo")
class ModulatedConvolution(keras.Layer):
    """A convolution with the kernel s_i·w_ijk, demodulated: divided by √(Σ_ik (s_i·w_ijk)² + 1e-8).

    Of inputs of variance 1 the outputs have the variance 1, whatever the style s. A kernel of each
    sample's own would be a convolution in as many groups as there are samples; scaling the input's
    channels by the style, and the output's by the demodulation, is the same and any batch's.
    Learning rates are equalized.

    Args:
        filters: Channels of the output.
        kernel_size: Of the window, the same along each side.
        demodulate: Whether it demodulates.
        doubled: Whether the size doubles, by a transposed convolution and a blur; the window is 3.
        options: Keras's, of every layer.

    Raises:
        ModelError: A layer that doubles has another window.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        *,
        demodulate: bool = True,
        doubled: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if doubled and kernel_size != 3:
            raise ModelError(f"The window of doubled is 3. Received: kernel_size={kernel_size}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.demodulate = demodulate
        self.doubled = doubled

    def build(self, input_shape: Any) -> None:
        """Adds kernel and bias."""
        data, _ = input_shape
        rank, channels = len(data) - 2, data[-1]
        last = (self.filters, channels) if self.doubled else (channels, self.filters)
        normal = keras.initializers.RandomNormal(stddev=1.0, seed=0)
        shape = (*[self.kernel_size] * rank, *last)
        self.kernel = self.add_weight(shape=shape, initializer=normal, name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self.scale = 1 / math.sqrt(channels * self.kernel_size**rank)
        # The transposed convolution makes 2n + 1 of n, and the blur 2n of that.
        self.blur = Blur(((1, 1),) * rank, 2.0**rank)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Convolves `[data, style]`: `(batch, …, channels)` and `(batch, channels)`."""
        data, style = inputs
        kernel = ops.convert_to_tensor(self.kernel) * self.scale
        ones = [1] * (len(data.shape) - 2)
        x = data * ops.reshape(style, (-1, *ones, data.shape[-1]))
        if self.doubled:
            x = self.blur(ops.conv_transpose(x, kernel, 2, "valid", data_format="channels_last"))
        else:
            x = ops.conv(x, kernel, 1, "same", data_format="channels_last")
        if self.demodulate:
            x = x * ops.reshape(
                ops.cast(self.demodulation(style), x.dtype), (-1, *ones, self.filters)
            )
        return x + ops.convert_to_tensor(self.bias)

    def demodulation(self, style: Any) -> Any:
        """1/√(Σ_ik (s_i·w_ijk)² + 1e-8): `(batch, filters)`."""
        kernel = ops.convert_to_tensor(self.kernel)
        squares = ops.square(precise(kernel) * self.scale)
        squares = ops.sum(squares, axis=tuple(range(len(squares.shape) - 2)))
        squares = ops.transpose(squares) if self.doubled else squares
        return ops.rsqrt(ops.matmul(ops.square(precise(style)), squares) + SMALLEST_SQUARE)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The size, or twice it, and the filters."""
        batch, *sides, _ = input_shape[0]
        return (batch, *((2 if self.doubled else 1) * n for n in sides), self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "demodulate": self.demodulate,
            "doubled": self.doubled,
        }
