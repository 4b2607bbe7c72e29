"""Strided convolutions down and transposed convolutions up, for images and sequences.

The plan is DCGAN's (Radford et al., 2015, arXiv:1511.06434): sizes halve as widths double.
Any size works: odd sizes are rounded up on the way down and cropped on the way up.
"""

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers

from zoo.networks import blocks

WIDEST = 8  # Widths double up to this multiple of the first.


def encoder(
    shape: tuple[int, ...],
    heads: Mapping[str, int],
    *,
    width: int = 32,
    depth: int | None = None,
    kernel: int = 4,
    activation: str = "relu",
    normalization: str | None = None,
    num_classes: int | None = None,
    kernel_initializer: Any = "glorot_uniform",
    head_bias: bool = True,
    features: bool = False,
    name: str = "encoder",
) -> keras.Model:
    """Data → heads through convolutions of stride 2.

    Args:
        shape: Of one sample, channels last.
        heads: Output name → units.
        width: Channels of the first convolution; they double with each.
        depth: How many convolutions; by default down to a size of 4.
        kernel: Size of the kernels.
        activation: After each convolution.
        normalization: Before each activation but the first: `batch`, `layer` or None.
        num_classes: Reads `"labels"` as well.
        kernel_initializer: Of every layer.
        head_bias: Whether the heads have biases.
        features: Adds the output `"features"`, the last convolution's, flattened.
        name: Of the network.

    Raises:
        ModelError: The shape is too small.
    """
    rank = len(shape) - 1
    inputs, x = blocks.data_and_labels(shape, num_classes)
    for level in range(len(blocks.halvings(shape, depth)) - 1):
        normal = normalization if level else None
        x = blocks.convolution(
            rank,
            width * min(2**level, WIDEST),
            kernel,
            strides=2,
            use_bias=normal != "batch",
            kernel_initializer=kernel_initializer,
        )(x)
        x = blocks.activate(blocks.normalize(x, normal), activation)
    x = layers.Flatten()(x)
    outputs = blocks.read_out(x, heads, use_bias=head_bias, kernel_initializer=kernel_initializer)
    return blocks.model(inputs, outputs | ({"features": x} if features else {}), name)


def decoder(
    latent_dim: int,
    shape: tuple[int, ...],
    *,
    width: int = 32,
    depth: int | None = None,
    kernel: int = 4,
    activation: str = "relu",
    normalization: str | None = None,
    num_classes: int | None = None,
    kernel_initializer: Any = "glorot_uniform",
    output: str = "sigmoid",
    name: str = "decoder",
) -> keras.Model:
    """Latent → data through transposed convolutions of stride 2; the encoder's mirror image.

    Args:
        latent_dim: Length of the latent.
        shape: Of one sample, channels last.
        width: Channels before the last convolution; they double towards the latent.
        depth: How many transposed convolutions; by default up from a size of 4.
        kernel: Size of the kernels.
        activation: After each layer but the last.
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
    levels = len(sizes) - 1
    options = {
        "use_bias": normalization != "batch",
        "kernel_initializer": kernel_initializer,
    }
    inputs, x = blocks.latent_and_labels(latent_dim, num_classes)
    channels = width * min(2 ** max(levels - 1, 0), WIDEST)
    area = 1
    for size in sizes[-1]:
        area *= size
    x = layers.Dense(area * channels, **options)(x)
    x = layers.Reshape((*sizes[-1], channels))(x)
    x = blocks.activate(blocks.normalize(x, normalization), activation)
    for level in reversed(range(1, levels)):
        channels = width * min(2 ** (level - 1), WIDEST)
        x = blocks.transposed(rank, channels, kernel, strides=2, **options)(x)
        x = blocks.crop(x, sizes[level])
        x = blocks.activate(blocks.normalize(x, normalization), activation)
    strides = 2 if levels else 1
    x = blocks.transposed(
        rank, shape[-1], kernel, strides=strides, kernel_initializer=kernel_initializer
    )(x)
    return blocks.model(inputs, {"data": blocks.output(blocks.crop(x, sizes[0]), output)}, name)
