"""Keras's convolutions, in forms whose derivatives are fast on every backend.

The weights, arguments and results are Keras's; only the order of sums differs.
"""

from typing import Any

import keras
from keras import ops

from zoo.backends import Forms
from zoo.own_form import OwnForm


def _convolved(layer: Any, forms: Forms, inputs: Any) -> Any:
    """The convolution in the backend's own form; None where Keras's is to be used."""
    if layer.groups > 1 or not _is_plain(layer):
        return None
    inputs, kernel = _tensors(inputs, layer.kernel)
    if layer.padding == "valid":
        padding = ((0, 0),) * layer.rank
    else:
        padding = tuple(
            _split((-(-size // stride) - 1) * stride + window - size)
            for size, stride, window in zip(
                inputs.shape[1:-1], layer.strides, layer.kernel_size, strict=True
            )
        )
    return _finished(layer, forms.convolve(inputs, kernel, layer.strides, padding))


def _transposed(layer: Any, forms: Forms, inputs: Any) -> Any:
    """The transposed convolution in the backend's own form; None where Keras's is to be used."""
    if layer.output_padding is not None or not _is_plain(layer):
        return None
    inputs, kernel = _tensors(inputs, layer.kernel)
    sizes = layer.compute_output_shape(inputs.shape)[1:-1]
    padding = tuple(
        _split(window - stride) if layer.padding == "same" else (0, 0)
        for stride, window in zip(layer.strides, layer.kernel_size, strict=True)
    )
    return _finished(layer, forms.spread(inputs, kernel, layer.strides, padding, tuple(sizes)))


def _finished(layer: Any, outputs: Any) -> Any:
    if layer.use_bias:
        outputs = ops.add(outputs, layer.bias)
    return outputs if layer.activation is None else layer.activation(outputs)


def _is_plain(layer: Any) -> bool:
    """Whether the layer is one that the zoo's networks have: the own forms know no other."""
    return (
        layer.data_format == "channels_last"
        and layer.padding in ("same", "valid")
        and max(layer.dilation_rate) == 1
    )


def _tensors(inputs: Any, kernel: Any) -> tuple[Any, Any]:
    kernel = ops.convert_to_tensor(kernel)
    return ops.convert_to_tensor(inputs, dtype=kernel.dtype), kernel


def _split(total: int) -> tuple[int, int]:
    """Zeros before and after, the odd one after; none of a negative total."""
    return max(total, 0) // 2, max(total, 0) - max(total, 0) // 2


@keras.saving.register_keras_serializable("genzoo")
class Conv1D(OwnForm, keras.layers.Conv1D):
    """Keras's convolution of sequences, in the backend's fastest form."""

    export_as = keras.layers.Conv1D
    own_form = _convolved


@keras.saving.register_keras_serializable("genzoo")
class Conv2D(OwnForm, keras.layers.Conv2D):
    """Keras's convolution of images, in the backend's fastest form."""

    export_as = keras.layers.Conv2D
    own_form = _convolved


@keras.saving.register_keras_serializable("genzoo")
class Conv1DTranspose(OwnForm, keras.layers.Conv1DTranspose):
    """Keras's transposed convolution of sequences, in the backend's fastest form."""

    export_as = keras.layers.Conv1DTranspose
    own_form = _transposed


@keras.saving.register_keras_serializable("genzoo")
class Conv2DTranspose(OwnForm, keras.layers.Conv2DTranspose):
    """Keras's transposed convolution of images, in the backend's fastest form."""

    export_as = keras.layers.Conv2DTranspose
    own_form = _transposed
