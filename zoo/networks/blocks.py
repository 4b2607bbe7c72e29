"""Pieces that the network families share."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers, ops

from zoo.errors import ModelError
from zoo.layers import BatchNormalization, LayerNormalization, LeakyReLU

NORMALIZATIONS = ("batch", "layer")
SMALLEST = 4  # Spatial sizes are halved down to this.


def activate(x: Any, activation: str, slope: float = 0.2) -> Any:
    """Applies an activation by name; `leaky_relu` with the GANs' customary slope."""
    if activation == "leaky_relu":
        return LeakyReLU(negative_slope=slope)(x)
    return layers.Activation(activation)(x)


def normalize(x: Any, normalization: str | None) -> Any:
    """Applies a normalization by name: `batch`, `layer` or None.

    Raises:
        ModelError: The name is unknown.
    """
    if normalization is None:
        return x
    if normalization == "batch":
        return BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    if normalization == "layer":
        return LayerNormalization(epsilon=1e-5)(x)
    raise ModelError(
        f"normalization is one of {', '.join(NORMALIZATIONS)} or None. Received: {normalization!r}"
    )


def data_and_labels(shape: Sequence[int], num_classes: int | None) -> tuple[list[Any], Any]:
    """The inputs of an encoder, and the data with a plane of embedded labels where there are any.

    Labels become one more channel (of images and sequences) or one-hot features (of vectors).
    """
    data = keras.Input(tuple(shape), name="data")
    if num_classes is None:
        return [data], data
    labels = keras.Input((), dtype="int32", name="labels")
    one_hot = ops.one_hot(labels, num_classes)
    if len(shape) > 1:
        plane = layers.Dense(math.prod(shape[:-1]))(one_hot)
        one_hot = layers.Reshape((*shape[:-1], 1))(plane)
    return [data, labels], layers.Concatenate()([data, one_hot])


def latent_and_labels(latent_dim: int, num_classes: int | None) -> tuple[list[Any], Any]:
    """The inputs of a decoder, and the latent with one-hot labels where there are any."""
    latent = keras.Input((latent_dim,), name="latent")
    if num_classes is None:
        return [latent], latent
    labels = keras.Input((), dtype="int32", name="labels")
    return [latent, labels], layers.Concatenate()([latent, ops.one_hot(labels, num_classes)])


def read_out(
    x: Any,
    heads: Mapping[str, int],
    *,
    use_bias: bool = True,
    kernel_initializer: Any = "glorot_uniform",
) -> dict[str, Any]:
    """One float32 linear output a head: name → `(batch, units)`.

    Raises:
        ModelError: A head has no units.
    """
    if min(heads.values()) < 1:
        raise ModelError(f"Every output has at least 1 unit. Received: {dict(heads)}")
    options = {"use_bias": use_bias, "kernel_initializer": kernel_initializer, "dtype": "float32"}
    return {name: layers.Dense(units, name=name, **options)(x) for name, units in heads.items()}


def model(inputs: list[Any], outputs: dict[str, Any], name: str) -> keras.Model:
    """A functional model; a single output is a tensor, several are a dictionary."""
    only = next(iter(outputs.values()))
    arranged = only if len(outputs) == 1 else outputs
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, arranged, name=name)


def output(x: Any, activation: str) -> Any:
    """The output activation, float32, named `data`."""
    return layers.Activation(activation, dtype="float32", name="data")(x)


def logits(network: keras.Model) -> keras.Model:
    """The same network without its output activation: for losses that are stable on logits."""
    last = network.layers[-1]
    if not isinstance(last, layers.Activation):
        raise ModelError(
            f"Logits are read before an output activation. Received: {network.name} ending in "
            f"{type(last).__name__}"
        )
    return keras.Model(network.input, last.input, name=f"{network.name}_logits")


def halvings(shape: Sequence[int], depth: int | None) -> list[tuple[int, ...]]:
    """The spatial sizes from the data down, each half of the one before, rounded up.

    Args:
        shape: Of the data, channels last.
        depth: How many halvings; by default as many as keep the smallest size at 4 or more.

    Raises:
        ModelError: The data are too small for the halvings asked for.
    """
    sizes = [tuple(shape[:-1])]
    if min(sizes[0]) < SMALLEST:
        raise ModelError(f"Spatial sizes are at least {SMALLEST}. Received: {tuple(shape)}")
    deepest = (max(sizes[0]) - 1).bit_length()
    if depth is not None and not 0 <= depth <= deepest:
        raise ModelError(
            f"depth is how often {tuple(shape)} is halved, at most until the sizes are 1. "
            f"Received: {depth}. Accepted: 0 to {deepest}."
        )
    while (min(sizes[-1]) > SMALLEST) if depth is None else (len(sizes) <= depth):
        sizes.append(tuple(-(-size // 2) for size in sizes[-1]))
    return sizes


def refuse_vectors(shape: Sequence[int]) -> None:
    """Refuses the shape of vectors where a convolution is needed."""
    if len(shape) == 1:
        raise ModelError(
            f"The data are images or sequences: (height, width, channels) or (time, channels). "
            f"Received: {tuple(shape)}"
        )


def crop(x: Any, size: Sequence[int]) -> Any:
    """Cuts the far edge of each spatial dimension down to a size."""
    excess = [have - want for have, want in zip(x.shape[1:-1], size, strict=True)]
    if not any(excess):
        return x
    if len(excess) == 1:
        return layers.Cropping1D((0, excess[0]))(x)
    return layers.Cropping2D(tuple((0, e) for e in excess))(x)


def convolution(rank: int, *args: Any, **options: Any) -> Any:
    """A convolution over sequences (rank 1) or images (rank 2)."""
    return (layers.Conv1D, layers.Conv2D)[rank - 1](*args, padding="same", **options)


def transposed(rank: int, *args: Any, **options: Any) -> Any:
    """A transposed convolution over sequences (rank 1) or images (rank 2)."""
    kind = (layers.Conv1DTranspose, layers.Conv2DTranspose)[rank - 1]
    return kind(*args, padding="same", **options)
