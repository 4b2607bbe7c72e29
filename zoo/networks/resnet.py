"""Residual networks as in WGAN-GP's and SNGAN's CIFAR-10 experiments, for images and sequences.

Source: Gulrajani et al., 2017, arXiv:1704.00028, appendix F.
"""

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import layers

from zoo.networks import blocks


def encoder(
    shape: tuple[int, ...],
    heads: Mapping[str, int],
    *,
    width: int = 128,
    depth: int | None = None,
    kernel: int = 3,
    activation: str = "relu",
    normalization: str | None = None,
    num_classes: int | None = None,
    kernel_initializer: Any = "he_normal",
    head_bias: bool = True,
    features: bool = False,
    name: str = "encoder",
) -> keras.Model:
    """Data → heads through residual blocks, each of which halves the size.

    Args:
        shape: Of one sample, channels last.
        heads: Output name → units.
        width: Channels of every block.
        depth: How many blocks halve the size; by default down to 4.
        kernel: Size of the kernels.
        activation: Before each convolution.
        normalization: Before each activation: `batch`, `layer` or None.
        num_classes: Reads `"labels"` as well.
        kernel_initializer: Of every layer.
        head_bias: Whether the heads have biases.
        features: Adds the output `"features"`, the mean over space of the last block.
        name: Of the network.

    Raises:
        ModelError: The shape is too small.
    """
    rank = len(shape) - 1
    inputs, x = blocks.data_and_labels(shape, num_classes)
    options = {"kernel_initializer": kernel_initializer}
    x = blocks.convolution(rank, width, kernel, **options)(x)
    for _ in blocks.halvings(shape, depth)[1:]:
        shortcut = _pool(rank, x)
        # A bias before batch normalization has no gradient but rounding noise.
        for use_bias in (normalization != "batch", True):
            x = blocks.activate(blocks.normalize(x, normalization), activation)
            x = blocks.convolution(rank, width, kernel, use_bias=use_bias, **options)(x)
        x = layers.Add()([_pool(rank, x), shortcut])
    x = blocks.activate(x, activation)
    mean = (layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D)[rank - 1]()(x)
    outputs = blocks.read_out(mean, heads, use_bias=head_bias)
    return blocks.model(inputs, outputs | ({"features": mean} if features else {}), name)


def decoder(
    latent_dim: int,
    shape: tuple[int, ...],
    *,
    width: int = 128,
    depth: int | None = None,
    kernel: int = 3,
    activation: str = "relu",
    normalization: str | None = "batch",
    num_classes: int | None = None,
    kernel_initializer: Any = "he_normal",
    output: str = "tanh",
    name: str = "decoder",
) -> keras.Model:
    """Latent → data through residual blocks, each of which doubles the size.

    Args:
        latent_dim: Length of the latent.
        shape: Of one sample, channels last.
        width: Channels of every block.
        depth: How many blocks double the size; by default up from 4.
        kernel: Size of the kernels.
        activation: Before each convolution.
        normalization: Before each activation: `batch`, `layer` or None.
        num_classes: Reads `"labels"` as well.
        kernel_initializer: Of every layer.
        output: The output activation.
        name: Of the network.

    Raises:
        ModelError: The shape is too small.
    """
    rank = len(shape) - 1
    sizes = blocks.halvings(shape, depth)
    options = {"kernel_initializer": kernel_initializer}
    # Batch normalization undoes the bias of every block, the last one what shortcuts carry to it.
    biased = normalization != "batch"
    inputs, x = blocks.latent_and_labels(latent_dim, num_classes)
    x = layers.Dense(math.prod(sizes[-1]) * width, **options)(x)
    x = layers.Reshape((*sizes[-1], width))(x)
    for size in reversed(sizes[:-1]):
        shortcut = _grow(rank, x, size)
        x = blocks.activate(blocks.normalize(x, normalization), activation)
        x = _grow(rank, x, size)
        x = blocks.convolution(rank, width, kernel, use_bias=biased, **options)(x)
        x = blocks.activate(blocks.normalize(x, normalization), activation)
        x = blocks.convolution(rank, width, kernel, use_bias=biased, **options)(x)
        x = layers.Add()([x, shortcut])
    x = blocks.activate(blocks.normalize(x, normalization), activation)
    x = blocks.convolution(rank, shape[-1], kernel, **options)(x)
    return blocks.model(inputs, {"data": blocks.output(x, output)}, name)


def _pool(rank: int, x: Any) -> Any:
    kind = (layers.AveragePooling1D, layers.AveragePooling2D)[rank - 1]
    return kind(2, padding="same")(x)


def _grow(rank: int, x: Any, size: tuple[int, ...]) -> Any:
    kind = (layers.UpSampling1D, layers.UpSampling2D)[rank - 1]
    return blocks.crop(kind(2)(x), size)
