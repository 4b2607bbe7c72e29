"""Pieces that the network families share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers

from zoo import layers as own
from zoo.errors import ModelError, suggestion

NORMALIZATIONS = ("batch", "conditional", "instance", "layer", "spectral")
"""`layer` is over a whole sample, with a gain for each channel; `spectral` is of the kernels."""
SMALLEST = 4
"""Spatial sizes are halved down to this."""

KINDS: dict[str, tuple[Any, ...]] = {
    "dense": (layers.Dense,),
    "convolution": (None, layers.Conv1D, layers.Conv2D),
    "transposed": (None, layers.Conv1DTranspose, layers.Conv2DTranspose),
}
SPECTRAL: dict[str, tuple[Any, ...]] = {
    "dense": (own.SpectralDense,),
    "convolution": (None, own.SpectralConv1D, own.SpectralConv2D),
    "transposed": (None, own.SpectralConv1DTranspose, own.SpectralConv2DTranspose),
}


def layer(kind: str, rank: int, *, spectral: bool = False) -> Callable[..., Any]:
    """The class of a layer.

    Args:
        kind: A row of `KINDS`.
        rank: 0 for vectors, 1 for sequences, 2 for images.
        spectral: Whether its kernel is divided by its largest singular value.
    """
    return (SPECTRAL if spectral else KINDS)[kind][rank]


def activate(x: Any, activation: str, slope: float = 0.2) -> Any:
    """Applies an activation by name; `leaky_relu` with the GANs' customary slope."""
    if activation == "leaky_relu":
        return own.LeakyReLU(negative_slope=slope)(x)
    return layers.Activation(activation)(x)


def normalization_layer(name: str | None, channels: int) -> Any:
    """The layer of a normalization; None where there is none between layers.

    Args:
        name: One of `NORMALIZATIONS`, or `group-N` for N groups of channels; None.
        channels: Of what is normalized.

    Raises:
        ModelError: The channels cannot be grouped so.
    """
    match name:
        case "batch":
            return own.BatchNormalization(momentum=0.9, epsilon=1e-5)
        case "conditional":
            return own.ConditionalBatchNormalization(momentum=0.9, epsilon=1e-5)
        case "instance":
            return own.InstanceNormalization(epsilon=1e-5)
        case "layer":
            return own.GroupNormalization(groups=1, epsilon=1e-5)
        case None | "spectral":
            return None
    groups = int(name.removeprefix("group-"))
    if channels % groups:
        raise ModelError(
            f"Groups have equally many channels. Received: {groups} groups of {channels}."
        )
    return own.GroupNormalization(groups=groups, epsilon=1e-5)


def is_normalization(name: str | None) -> bool:
    """Whether `normalization_layer` knows a name."""
    known = name is None or name in NORMALIZATIONS
    return known or bool(re.fullmatch(r"group-[1-9]\d*", str(name)))


def check_activation(name: Any) -> None:
    """Raises where a name is no activation of a network.

    Raises:
        ModelError: It is none.
    """
    if isinstance(name, str):
        known = [key for key in vars(keras.activations) if key.islower() and key[0] != "_"]
        if name in ("leaky_relu", "prelu") or re.fullmatch(r"maxout-[1-9]\d*", name):
            return
        hint = suggestion(name, [*known, "maxout-2"])
    else:
        hint = ""
    try:
        keras.activations.get(name)
    except (TypeError, ValueError):
        raise ModelError(
            f"activation is one of Keras's, leaky_relu, prelu, or maxout-K with K from 1. "
            f"Received: {name!r}.{hint}"
        ) from None


def single_width(style: Any) -> int:
    """The width of a family whose layers are all as wide.

    Raises:
        ModelError: Several widths are given.
    """
    if not isinstance(style.width, int):
        raise ModelError(f"This network has one width. Received: width={style.width!r}")
    return style.width


def downsampled_sizes(shape: Sequence[int], depth: int | None) -> list[tuple[int, ...]]:
    """The spatial sizes from the data down, each half of the one before, rounded up.

    Args:
        shape: Of the data, channels last.
        depth: How many halvings; by default as many as keep the smallest size at 4 or more.

    Raises:
        ModelError: The data are vectors, or too small for the halvings asked for.
    """
    sizes = [tuple(shape[:-1])]
    if not sizes[0] or min(sizes[0]) < SMALLEST:
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


def check_same_size(network: str, x: Any, shape: Sequence[int]) -> None:
    """Checks that a network makes data of the size that it reads.

    Raises:
        ModelError: The sizes differ.
    """
    if tuple(x.shape[1:-1]) != tuple(shape[:-1]):
        raise ModelError(
            f"{network} makes data of the size that it reads. "
            f"Received: {tuple(x.shape[1:])} and {shape}"
        )


def crop(x: Any, size: Sequence[int]) -> Any:
    """Cuts the far edge of each spatial dimension down to a size."""
    excess = [have - want for have, want in zip(x.shape[1:-1], size, strict=True)]
    if not any(excess):
        return x
    if len(excess) == 1:
        return layers.Cropping1D((0, excess[0]))(x)
    return layers.Cropping2D(tuple((0, e) for e in excess))(x)


def with_planes(x: Any, one_hot: Any) -> Any:
    """Data with one-hot labels beside it: as features of vectors, as planes of all else."""
    space = x.shape[1:-1]
    if space:
        one_hot = layers.Reshape((*(1 for _ in space), one_hot.shape[-1]))(one_hot)
        one_hot = keras.ops.tile(one_hot, (1, *space, 1))
    return layers.Concatenate()([x, one_hot])


def deviate(x: Any, style: Any) -> Any:
    """A map, or a vector, with its deviation over the batch where the style wants it."""
    return own.MinibatchDeviation()(x) if style.deviation else x


def compare_rows(x: Any, style: Any) -> Any:
    """A vector with how near the rows of the batch are to it, where the style wants that.

    Raises:
        ModelError: The number of features is none.
    """
    count = style.discrimination
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ModelError(f"discrimination is a whole number from 0. Received: {count!r}.")
    return own.MinibatchDiscrimination(count)(x) if count else x


def attend(x: Any, level: int, levels: int, style: Any, **options: Any) -> Any:
    """Self-attention of a map, where the style wants it at its level.

    Args:
        x: The map.
        level: How often it is halved.
        levels: How often the smallest map is halved.
        style: With `attention`, a level or None.
        options: Of the layer.
    """
    if style.attention is None or min(style.attention, levels) != level:
        return x
    options = {"spectral": style.has_spectral_kernels} | options
    return style.kept(lambda: own.SelfAttention(**options))(x)
