"""Convolution and max-pooling down to a map of features, transposed convolutions back.

The widths and the order of layers are those of Keras's example of a convolutional autoencoder:
28,353 weights for 28×28×1 data at width 32 and depth 2.
"""

from typing import Any

import keras
from keras import layers

from zoo.networks import blocks


def encoder(
    shape: tuple[int, ...], *, width: int = 32, depth: int = 2, name: str = "encoder"
) -> keras.Model:
    """`"data"` → the map `"code"`.

    Args:
        shape: Of one sample, channels last.
        width: Channels of every convolution.
        depth: How often the size is halved.
        name: Of the network.

    Raises:
        ModelError: The data are vectors, or too small.
    """
    blocks.refuse_vectors(shape)
    rank = len(shape) - 1
    pool = (layers.MaxPooling1D, layers.MaxPooling2D)[rank - 1]
    inputs, x = blocks.data_and_labels(shape, None)
    for _ in blocks.halvings(shape, depth)[1:]:
        x = blocks.convolution(rank, width, 3, activation="relu")(x)
        x = pool(2, padding="same")(x)
    code = layers.Activation("linear", dtype="float32", name="code")(x)
    return blocks.model(inputs, {"code": code}, name)


def decoder(
    shape: tuple[int, ...],
    *,
    width: int = 32,
    depth: int = 2,
    output: str = "sigmoid",
    name: str = "decoder",
) -> keras.Model:
    """The map `"latent"` → `"data"`.

    Args:
        shape: Of one sample, channels last.
        width: Channels of the map and of every hidden layer.
        depth: How often the size is doubled.
        output: The output activation.
        name: Of the network.

    Raises:
        ModelError: The data are vectors, or too small.
    """
    blocks.refuse_vectors(shape)
    rank = len(shape) - 1
    sizes = blocks.halvings(shape, depth)
    latent = keras.Input((*sizes[-1], width), name="latent")
    x: Any = latent
    for size in reversed(sizes[:-1]):
        x = blocks.transposed(rank, width, 3, strides=2, activation="relu")(x)
        x = blocks.crop(x, size)
    x = blocks.convolution(rank, shape[-1], 3)(x)
    return blocks.model([latent], {"data": blocks.output(x, output)}, name)
