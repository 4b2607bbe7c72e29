"""Layers whose kernel is divided by an estimate of its largest singular value.

Source: Miyato et al., 2018, arXiv:1802.05957, algorithm 1.
"""

import math
from typing import Any

import keras
from keras import ops

from zoo.precision import precise, precise_dtype

# A sum of squares below it is a kernel of zeros, not a direction.
SMALLEST_SQUARE = 1e-12


class Spectral:
    """Stands before a Keras layer with a kernel among a class's bases.

    The kernel, as a matrix W of a row for each filter, is used as W/σ with σ = uᵀWv. One power
    iteration a call estimates u and v, which count as constants in gradients: that of σ is uvᵀ.
    The layer keeps u as the weight `direction` and moves it after its use, in training alone:
    inference, and a file's weights, stay as they are. Files hold W itself.
    """

    # The members of the layer that the mixin uses.
    _kernel: Any
    add_weight: Any
    trainable: bool
    # The axis of the kernel, from the end, that counts its filters.
    filters_axis = -1

    # Those of Keras's own layers save `self.kernel`, here the normalized one, and no other weight.
    save_own_variables = keras.layers.Layer.save_own_variables
    load_own_variables = keras.layers.Layer.load_own_variables

    def build(self, input_shape: Any) -> None:
        """Adds the direction to the layer's weights."""
        super().build(input_shape)  # type: ignore[misc]
        self.direction = self.add_weight(
            shape=(self._kernel.shape[self.filters_axis],),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            trainable=False,
            autocast=False,
            name="direction",
            dtype=precise_dtype(),
        )

    @property
    def kernel(self) -> Any:
        """The kernel divided by its largest singular value."""
        own = ops.convert_to_tensor(self._kernel)
        _, sigma = self.iterate()
        return ops.cast(precise(own) / sigma, own.dtype)

    @kernel.setter
    def kernel(self, weight: keras.Variable) -> None:
        self._kernel = weight  # where Keras's transposed convolutions keep it as `kernel`

    def iterate(self) -> tuple[Any, Any]:
        """One power iteration from the direction.

        Returns:
            The next direction `(filters,)`, of length 1, and the singular value that it gives.
        """
        own = precise(ops.convert_to_tensor(self._kernel))
        shape = self._kernel.shape
        filters = shape[self.filters_axis]
        axes = list(range(len(shape)))
        axes.append(axes.pop(self.filters_axis))
        matrix = ops.reshape(ops.transpose(own, axes), (math.prod(shape) // filters, filters))
        fixed, direction = ops.stop_gradient(matrix), ops.convert_to_tensor(self.direction)
        right = _unit(ops.matmul(fixed, direction))
        product = ops.matmul(right, fixed)
        # A kernel of zeros has no direction: it is divided by 1, and the last direction stays.
        is_zero = ops.sum(ops.square(product)) < SMALLEST_SQUARE
        left = ops.where(is_zero, direction, _unit(product))
        sigma = ops.sum(ops.matmul(right, matrix) * left)
        return left, ops.where(is_zero, ops.ones_like(sigma), sigma)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The output of the Keras layer with the normalized kernel."""
        outputs = super().call(inputs)  # type: ignore[misc]
        if training and self.trainable:
            self.direction.assign(self.iterate()[0])
        return outputs


def _unit(vector: Any) -> Any:
    return vector * ops.rsqrt(ops.sum(ops.square(vector)) + SMALLEST_SQUARE)


@keras.saving.register_keras_serializable("genzoo")
class SpectralDense(Spectral, keras.layers.Dense):
    """A fully connected layer with a spectrally normalized kernel: `(…, in)` → `(…, units)`."""

    export_as = keras.layers.Dense


@keras.saving.register_keras_serializable("genzoo")
class SpectralConv1D(Spectral, keras.layers.Conv1D):
    """A convolution of sequences with a spectrally normalized kernel."""

    export_as = keras.layers.Conv1D


@keras.saving.register_keras_serializable("genzoo")
class SpectralConv2D(Spectral, keras.layers.Conv2D):
    """A convolution of images with a spectrally normalized kernel."""

    export_as = keras.layers.Conv2D


@keras.saving.register_keras_serializable("genzoo")
class SpectralConv1DTranspose(Spectral, keras.layers.Conv1DTranspose):
    """A transposed convolution of sequences with a spectrally normalized kernel."""

    export_as = keras.layers.Conv1DTranspose
    filters_axis = -2


@keras.saving.register_keras_serializable("genzoo")
class SpectralConv2DTranspose(Spectral, keras.layers.Conv2DTranspose):
    """A transposed convolution of images with a spectrally normalized kernel."""

    export_as = keras.layers.Conv2DTranspose
    filters_axis = -2
