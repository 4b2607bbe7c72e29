"""Strided convolutions and residual blocks between data and a map of vectors.

Source: van den Oord et al., 2017, arXiv:1711.00937, section 4.1.
"""

from typing import Any

import keras
from keras import layers

from zoo.networks import blocks


def encoder(
    shape: tuple[int, ...],
    dim: int,
    *,
    width: int = 128,
    depth: int = 2,
    residual_width: int = 32,
    residuals: int = 2,
    name: str = "encoder",
) -> keras.Model:
    """`"data"` → `"vectors"` `(batch, height / 2^depth, width / 2^depth, dim)`.

    Args:
        shape: Of one sample, channels last.
        dim: Length of the vectors.
        width: Channels of the hidden layers.
        depth: How often the size is halved.
        residual_width: Channels inside the residual blocks.
        residuals: How many residual blocks.
        name: Of the network.

    Raises:
        ModelError: The data are vectors, or too small.
    """
    blocks.refuse_vectors(shape)
    rank = len(shape) - 1
    inputs, x = blocks.data_and_labels(shape, None)
    levels = len(blocks.halvings(shape, depth)) - 1
    for level in range(levels):
        channels = width if level == levels - 1 else width // 2
        x = blocks.convolution(rank, channels, 4, strides=2, activation="relu")(x)
    x = blocks.convolution(rank, width, 3)(x)
    x = _residual_stack(rank, x, residual_width, residuals)
    x = blocks.convolution(rank, dim, 1, dtype="float32", name="vectors")(x)
    return blocks.model(inputs, {"vectors": x}, name)


def decoder(
    dim: int,
    shape: tuple[int, ...],
    *,
    width: int = 128,
    depth: int = 2,
    residual_width: int = 32,
    residuals: int = 2,
    output: str = "linear",
    name: str = "decoder",
) -> keras.Model:
    """`"vectors"` → `"data"`; the encoder's mirror image, with its keywords.

    Args:
        dim: Length of the vectors.
        shape: Of one sample, channels last.
        width: Channels of the hidden layers.
        depth: How often the size is doubled.
        residual_width: Channels inside the residual blocks.
        residuals: How many residual blocks.
        output: The output activation.
        name: Of the network.

    Raises:
        ModelError: The data are vectors, or too small.
    """
    blocks.refuse_vectors(shape)
    rank = len(shape) - 1
    sizes = blocks.halvings(shape, depth)
    vectors = keras.Input((*sizes[-1], dim), name="vectors")
    x = blocks.convolution(rank, width, 3)(vectors)
    x = _residual_stack(rank, x, residual_width, residuals)
    for size in reversed(sizes[1:-1]):
        x = blocks.transposed(rank, width // 2, 4, strides=2, activation="relu")(x)
        x = blocks.crop(x, size)
    x = blocks.crop(blocks.transposed(rank, shape[-1], 4, strides=2)(x), sizes[0])
    return blocks.model([vectors], {"data": blocks.output(x, output)}, name)


def _residual_stack(rank: int, x: Any, width: int, count: int) -> Any:
    channels = x.shape[-1]
    for _ in range(count):
        inner = blocks.convolution(rank, width, 3, activation="relu")(layers.ReLU()(x))
        x = layers.Add()([x, blocks.convolution(rank, channels, 1)(inner)])
    return layers.ReLU()(x)
