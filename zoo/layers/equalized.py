"""Layers whose kernel is scaled as it is used, so that every weight learns at the same pace.

Source: Karras et al., 2017, arXiv:1710.10196, section 4.1.
"""

import math
from typing import Any

import keras
from keras import initializers, ops


class Equalized:
    """Stands before a Keras layer with a kernel and a bias among a class's bases.

    The weights start at N(0, 1/rate²); the kernel is used as rate·W/√inputs, the bias as rate·b:
    whatever the number of inputs, an update of Adam moves them as far in relation to their size.

    Args:
        rate: Factor on the learning rate, λ.
        options: Those of the Keras layer.
    """

    # The members of the layer that the mixin uses.
    _kernel: Any
    _own_bias: Any = None

    # Those of Keras's own layers save `self.kernel`, here the scaled one.
    save_own_variables = keras.layers.Layer.save_own_variables
    load_own_variables = keras.layers.Layer.load_own_variables

    def __init__(self, *sizes: Any, rate: float = 1.0, **options: Any) -> None:
        start = initializers.RandomNormal(stddev=1 / rate, seed=0)
        super().__init__(*sizes, **({"kernel_initializer": start} | options))
        self.rate = rate

    @property
    def kernel(self) -> Any:
        """The kernel as it is used."""
        inputs = math.prod(self._kernel.shape[:-1])
        return ops.convert_to_tensor(self._kernel) * (self.rate / math.sqrt(inputs))

    @property
    def bias(self) -> Any:
        """The bias as it is used."""
        own = self._own_bias
        return own if own is None else ops.convert_to_tensor(own) * self.rate

    @bias.setter
    def bias(self, weight: Any) -> None:
        self._own_bias = weight

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rate": self.rate}  # type: ignore[misc]


@keras.saving.register_keras_serializable("genzoo")
class EqualizedDense(Equalized, keras.layers.Dense):
    """A fully connected layer with an equalized learning rate: `(…, in)` → `(…, units)`."""

    export_as = keras.layers.Dense


@keras.saving.register_keras_serializable("genzoo")
class EqualizedConv1D(Equalized, keras.layers.Conv1D):
    """A convolution of sequences with an equalized learning rate."""

    export_as = keras.layers.Conv1D


@keras.saving.register_keras_serializable("genzoo")
class EqualizedConv2D(Equalized, keras.layers.Conv2D):
    """A convolution of images with an equalized learning rate."""

    export_as = keras.layers.Conv2D
