"""Layers that prepare data: categories become vectors, numbers become categories."""

from __future__ import annotations

from typing import Any
from unittest import mock

import keras
import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.keras_graph import ImagePreprocessing
from export.direct.registry import Result, layer, layer_decomposition
from export.direct.tensor import Tensor


@layer("IntegerLookup", "StringLookup", "Hashing", "HashedCrossing", "TextVectorization")
def table_lookup(call: Call, *_: Any, **__: Any) -> Result:
    """Rejects layers that run in TensorFlow on every backend, outside of the graph."""
    raise call.unsupported(
        "It looks values up outside of the graph. Apply it to the data, and build the model to "
        'export from the integers on: keras.Input(shape, dtype="int32").'
    )


@layer("Discretization", "CategoryEncoding")
def check_encoding(call: Call, x: Tensor, count_weights: Any = None) -> Result:
    """Rejects settings that have no equivalent; the decompositions below convert the others."""
    settings = call.operation
    if count_weights is not None:
        raise call.unsupported(
            "Leave count_weights out, and weigh ops.one_hot(x, num_tokens) instead."
        )
    if settings.sparse:
        raise call.unsupported("Build it with sparse=False.")
    if settings.output_mode in ("multi_hot", "count") and x.rank < 2:
        raise call.unsupported("Give it a second axis, the values of a sample: keras.Input((1,)).")
    return NotImplemented


@layer_decomposition("Discretization")
def discretization(layer: Any, x: Any) -> Any:
    """The number of the bin that a value falls into, encoded."""
    bounds = np.asarray(layer.bin_boundaries, np.float32)
    return _encoded(layer, x, ops.digitize(x, bounds), len(bounds) + 1)


@layer_decomposition("CategoryEncoding")
def category_encoding(layer: Any, x: Any, count_weights: None = None) -> Any:
    """Integers as vectors: one for each, or one for all of a sample."""
    return _encoded(layer, x, ops.cast(x, "int32"), layer.num_tokens)


def _encoded(layer: Any, x: Any, indices: Any, depth: int) -> Any:
    """Returns indices in the layer's output mode and dtype."""
    mode = layer.output_mode
    if mode == "multi_hot":
        indices = ops.multi_hot(indices, depth)
    elif mode == "count":
        indices = ops.sum(ops.one_hot(indices, depth), axis=1)
    elif mode != "int":
        if len(x.shape) > 1 and x.shape[-1] == 1:
            indices = ops.squeeze(indices, -1)
        indices = ops.one_hot(indices, depth)
    return ops.cast(indices, layer.compute_output_spec(x).dtype)


def _augmentations() -> list[str]:
    """Layers of Keras that change images in training alone."""
    return [
        name
        for name, kind in vars(keras.layers).items()
        if isinstance(kind, type)
        and issubclass(kind, ImagePreprocessing)
        and "get_random_transformation" in vars(kind)
        and name not in ("RandomCrop", "AutoContrast", "Equalization", "Solarization")
    ]


@layer_decomposition(*_augmentations())
def augmentation(layer: Any, data: Any, training: bool = False) -> Any:
    """An augmentation in inference, mostly the identity; no random numbers are drawn."""
    with mock.patch.object(type(layer), "get_random_transformation", lambda *_, **__: None):
        return type(layer).call(layer, data, training=False)
