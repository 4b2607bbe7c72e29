"""The kernels of networks as matrices, for terms of a loss that read weights alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

EMBEDDING = "embedding"
"""The name of layers that embed labels: their rows are classes, their columns no filters."""
TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose)


def kernel_matrices(networks: Sequence[keras.Model]) -> list[Any]:
    """Every trained kernel, without those of embeddings: `(inputs, filters)`, each once.

    A spectrally normalized layer's is the kernel that it divides.
    """
    found: dict[int, Any] = {}
    for network in networks:
        for layer in network._flatten_layers(include_self=False):
            if layer.name == EMBEDDING or any(layer._flatten_layers(include_self=False)):
                continue
            for weight in layer.trainable_weights:
                if weight.name == "kernel" and len(weight.shape) > 1:
                    found.setdefault(id(weight), (layer, weight))
    return [_matrix(layer, weight) for layer, weight in found.values()]


def _matrix(layer: keras.Layer, weight: keras.Variable) -> Any:
    """The kernel with a column for each filter; transposed convolutions keep inputs last."""
    kernel = ops.convert_to_tensor(weight)
    if isinstance(layer, TRANSPOSED):
        kernel = ops.swapaxes(kernel, -1, -2)
    return ops.reshape(kernel, (-1, kernel.shape[-1]))
