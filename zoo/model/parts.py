"""Small parts: the arithmetic that uses need before, between and behind networks."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers, ops

from zoo.layers import Destandardize, Standardize
from zoo.losses import reparameterize
from zoo.precision import precise_dtype


def squared_error(shape: tuple[int, ...]) -> keras.Model:
    """`data` and `other` → the squared difference: its mean, `error` `(batch,)`, and its `map`.

    The map holds the mean over the channels, `(batch, height, width, 1)` of images; of vectors the
    squared difference of each feature.
    """
    data, other = keras.Input(shape, name="data"), keras.Input(shape, name="other")
    squares = ops.square(data - other)
    found = squares if len(shape) == 1 else ops.mean(squares, axis=-1, keepdims=True)
    outputs = {"error": ops.mean(layers.Flatten()(squares), axis=-1), "map": found}
    return keras.Model({"data": data, "other": other}, outputs, name="squared_error")


def between(shape: tuple[int, ...]) -> keras.Model:
    """`first`, `second` and `share` `(batch,)` → `code`: first + share·(second − first)."""
    first, second = keras.Input(shape, name="first"), keras.Input(shape, name="second")
    share = keras.Input((), name="share")
    weight = layers.Reshape((1,) * len(shape))(share)
    inputs = {"first": first, "second": second, "share": share}
    return keras.Model(inputs, {"code": first + weight * (second - first)}, name="between")


def compose(shape: tuple[int, ...]) -> keras.Model:
    """`data`, `mask` and `made` → `filled`: what is made in the hole, data around it."""
    data, made = keras.Input(shape, name="data"), keras.Input(shape, name="made")
    mask = keras.Input((*shape[:-1], 1), name="mask")
    inputs = {"data": data, "made": made, "mask": mask}
    return keras.Model(inputs, {"filled": data + mask * (made - data)}, name="composer")


def posterior_draw(size: int) -> keras.Model:
    """`mean`, `log_variance` and `epsilon` → `latent`: mean + exp(½ log variance)·epsilon."""
    names = ("mean", "log_variance", "epsilon")
    inputs = {name: keras.Input((size,), name=name) for name in names}
    return keras.Model(inputs, {"latent": reparameterize(**inputs)}, name="posterior")


def pseudo_inputs(
    count: int,
    shape: tuple[int, ...],
    value_range: tuple[float, float] | None,
    initializer: Any,
) -> keras.Model:
    """`component`, a number below `count` → learned `data`, cut to their range."""
    component = keras.Input((), dtype="int32", name="component")
    table = layers.Embedding(
        count, math.prod(shape), embeddings_initializer=initializer, name="pseudo_inputs"
    )
    data = layers.Reshape(shape)(table(component))
    data = data if value_range is None else ops.clip(data, *value_range)
    return keras.Model({"component": component}, {"data": data}, name="pseudo_inputs")


def standardize(features: int) -> keras.Model:
    """`data` → `standardized`, `(batch, features)`."""
    data = keras.Input((features,), name="data")
    outputs = {"standardized": Standardize(dtype=precise_dtype(), name="standardization")(data)}
    return keras.Model({"data": data}, outputs, name="standardize")


def destandardize(features: int) -> keras.Model:
    """`standardized` → `data`, `(batch, features)`."""
    inputs = keras.Input((features,), name="standardized")
    outputs = {"data": Destandardize(dtype=precise_dtype(), name="standardization")(inputs)}
    return keras.Model({"standardized": inputs}, outputs, name="destandardize")
