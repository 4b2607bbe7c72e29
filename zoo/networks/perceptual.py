"""Networks in whose features images are compared; they are not trained."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from zoo.errors import ModelError
from zoo.layers.initialization import numpy_weights
from zoo.networks.own import arranged
from zoo.precision import precise

LEVELS = 3
SEED = 20180111
"""Of the weights of `random_features`, the same in every model."""
TAPS = {
    "VGG16": (
        "block1_conv2",
        "block2_conv2",
        "block3_conv3",
        "block4_conv3",
        "block5_conv3",
    ),
}
"""The layers that LPIPS reads (Zhang et al., 2018, arXiv:1801.03924)."""
MEANS, DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def random_features(shape: tuple[int, ...], width: int = 16) -> keras.Model:
    """A small network of random filters: maps of three sizes.

    Random filters compare patches rather than pixels, and need neither labels nor a download;
    trained ones agree better with people (arXiv:1801.03924, table 5).

    Args:
        shape: Of the data `(height, width, channels)` or `(time, channels)`.
        width: Filters of the first level, which double.
    """
    make = {2: layers.Conv1D, 3: layers.Conv2D}[len(shape)]
    with numpy_weights(SEED):
        data = keras.Input(shape, name="data")
        x, found = data, {}
        for level in range(LEVELS):
            strides = 1 if level == 0 or min(x.shape[1:-1]) < 4 else 2
            x = make(
                width * 2**level,
                3,
                strides=strides,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                name=f"level_{level}",
            )(x)
            found[f"level_{level}"] = x
        return keras.Model({"data": data}, found, name="perceptual")


def vgg16_features(
    shape: tuple[int, ...],
    value_range: tuple[float, float] = (-1.0, 1.0),
    weights: Any = "imagenet",
) -> keras.Model:
    """The maps of VGG16 that LPIPS reads, of images grey or in colour.

    Args:
        shape: Of the images.
        value_range: Of their values.
        weights: As `keras.applications.VGG16` takes them: `imagenet`, a file, or None.

    Raises:
        ModelError: The data are no images of 32 pixels or more, grey or in colour.
    """
    if len(shape) != 3 or min(shape[:2]) < 32 or shape[2] not in (1, 3):
        raise ModelError(
            f"VGG16 reads images from 32 pixels, of 1 or 3 channels. Received: {shape}."
        )
    network = keras.applications.VGG16(
        include_top=False, weights=weights, input_shape=(*shape[:2], 3)
    )
    taps = [network.get_layer(name).output for name in TAPS["VGG16"]]
    data = keras.Input(shape, name="data")
    low, high = value_range
    images = (data - low) / (high - low)
    if shape[2] == 1:
        images = layers.Concatenate()([images] * 3)
    images = (images - ops.array(MEANS, "float32")) / ops.array(DEVIATIONS, "float32")
    made = keras.Model(network.input, taps)(images)
    return keras.Model({"data": data}, dict(zip(TAPS["VGG16"], made, strict=True)))


def own_features(network: keras.Model, shape: tuple[int, ...]) -> keras.Model:
    """A user's network, which reads the data.

    Args:
        network: `data` → maps.
        shape: Of the data.

    Raises:
        ModelError: The network is not functional, or does not read the data alone.
    """
    network(arranged(network, {"data": keras.Input(shape, name="data")}, "perceptual"))
    return network


def distance(network: keras.Model, data: Any, made: Any) -> Any:
    """The mean squared distance of unit features, summed over the maps of a network.

    The formula of LPIPS (arXiv:1801.03924, equation 1) with equal weights: features of each place
    are divided by their length over the channels.

    Args:
        network: `data` → maps.
        data: `(batch, …)`.
        made: Of the same shape.
    """
    total: Any = 0.0
    found = [keras.tree.flatten(_maps(network, x)) for x in (data, made)]
    for target, features in zip(*found, strict=True):
        squares = ops.square(_unit(precise(target)) - _unit(precise(features)))
        total += ops.mean(ops.sum(squares, axis=-1))
    return total


def _maps(network: keras.Model, data: Any) -> Any:
    (name,) = (tensor.name for tensor in network.inputs)
    return network({name: data} if isinstance(network.input, dict) else data, training=False)


def _unit(features: Any) -> Any:
    return features * ops.rsqrt(ops.sum(ops.square(features), axis=-1, keepdims=True) + 1e-10)
