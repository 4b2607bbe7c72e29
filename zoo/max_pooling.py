"""Keras's max-pooling, in a form whose gradient is fast on every backend."""

from typing import Any

import keras
from keras import ops

from zoo.backends import Forms
from zoo.own_form import OwnForm


def _pooled(layer: Any, forms: Forms, inputs: Any) -> Any:
    """Max-pooling in the backend's own form; None where Keras's is to be used."""
    sizes = tuple(layer.pool_size)
    if tuple(layer.strides) != sizes or layer.data_format != "channels_last":
        return None
    inputs = ops.convert_to_tensor(inputs)
    if not all(isinstance(length, int) for length in inputs.shape):
        return None  # a converter's symbols
    padding = []
    for size, length in zip(sizes, inputs.shape[1:-1], strict=True):
        missing = -length % size
        before = missing // 2
        same = layer.padding == "same"
        padding.append((before, missing - before) if same else (0, -(length % size)))
    return forms.max_pool(inputs, sizes, tuple(padding))


@keras.saving.register_keras_serializable("genzoo")
class MaxPooling1D(OwnForm, keras.layers.MaxPooling1D):
    """Keras's max-pooling of sequences, in the backend's fastest form."""

    export_as = keras.layers.MaxPooling1D
    own_form = _pooled


@keras.saving.register_keras_serializable("genzoo")
class MaxPooling2D(OwnForm, keras.layers.MaxPooling2D):
    """Keras's max-pooling of images, in the backend's fastest form."""

    export_as = keras.layers.MaxPooling2D
    own_form = _pooled
