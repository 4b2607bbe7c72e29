"""Fully connected networks, for vectors and for data of any other shape, flattened."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import keras
from keras import layers

from zoo.networks import blocks


def encoder(
    shape: tuple[int, ...],
    heads: Mapping[str, int],
    *,
    width: int = 256,
    depth: int = 2,
    activation: str = "relu",
    normalization: str | None = None,
    num_classes: int | None = None,
    kernel_initializer: Any = "glorot_uniform",
    head_bias: bool = True,
    features: bool = False,
    name: str = "encoder",
) -> keras.Model:
    """Data → heads through fully connected layers.

    Args:
        shape: Of one sample.
        heads: Output name → units.
        width: Units of the last hidden layer; they double towards the data.
        depth: How many hidden layers.
        activation: After each hidden layer.
        normalization: Before each activation: `batch`, `layer` or None.
        num_classes: Reads `"labels"` as well.
        kernel_initializer: Of every layer.
        head_bias: Whether the heads have biases.
        features: Adds the output `"features"`, the last hidden layer.
        name: Of the network.
    """
    flat = (math.prod(shape),)
    if len(shape) == 1 or num_classes is None:
        inputs, x = blocks.data_and_labels(shape, num_classes)
        x = layers.Flatten()(x) if len(shape) > 1 else x
    else:
        data = keras.Input(shape, name="data")
        labels = keras.Input((), dtype="int32", name="labels")
        one_hot = keras.ops.one_hot(labels, num_classes)
        inputs, x = [data, labels], layers.Concatenate()([layers.Reshape(flat)(data), one_hot])
    widths = [width * 2**level for level in reversed(range(depth))]
    x = _hidden(x, widths, activation, normalization, kernel_initializer)
    outputs = blocks.read_out(x, heads, use_bias=head_bias, kernel_initializer=kernel_initializer)
    return blocks.model(inputs, outputs | ({"features": x} if features else {}), name)


def decoder(
    latent_dim: int,
    shape: tuple[int, ...],
    *,
    width: int = 256,
    depth: int = 2,
    activation: str = "relu",
    normalization: str | None = None,
    num_classes: int | None = None,
    kernel_initializer: Any = "glorot_uniform",
    output: str = "sigmoid",
    name: str = "decoder",
) -> keras.Model:
    """Latent → data through fully connected layers; the keywords are the encoder's.

    Args:
        latent_dim: Length of the latent.
        shape: Of one sample.
        width: Units of the first hidden layer; they double towards the data.
        depth: How many hidden layers.
        activation: After each hidden layer.
        normalization: Before each activation: `batch`, `layer` or None.
        num_classes: Reads `"labels"` as well.
        kernel_initializer: Of every layer.
        output: The output activation.
        name: Of the network.
    """
    inputs, x = blocks.latent_and_labels(latent_dim, num_classes)
    widths = [width * 2**level for level in range(depth)]
    x = _hidden(x, widths, activation, normalization, kernel_initializer)
    x = layers.Dense(math.prod(shape), kernel_initializer=kernel_initializer)(x)
    x = layers.Reshape(shape)(x) if len(shape) > 1 else x
    return blocks.model(inputs, {"data": blocks.output(x, output)}, name)


def _hidden(
    x: Any, widths: Iterable[int], activation: str, normalization: str | None, initializer: Any
) -> Any:
    for units in widths:
        # A bias before batch normalization has no gradient but rounding noise.
        x = layers.Dense(units, use_bias=normalization != "batch", kernel_initializer=initializer)(
            x
        )
        x = blocks.activate(blocks.normalize(x, normalization), activation)
    return x
