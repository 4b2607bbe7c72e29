"""The residual networks of latent diffusion's autoencoders, with attention at the smallest map.

Rombach et al., 2021, arXiv:2112.10752; the topology, and the names of the layers, are those of
`AutoencoderKL` and `VQModel` in diffusers. Layers are named as the tensors of their public weights,
with hyphens for the dots, which PyTorch's modules do not take.
Heights and widths may be unknown (None). The smaller maps then have the size divided and rounded
up, so that what is decoded has the size of the data where the levels divide it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from zoo.layers import LikeMap, normalization
from zoo.networks import blocks

EPSILON = 1e-6


@dataclass(frozen=True)
class Topology:
    """The sizes of both networks.

    Attributes:
        channels: Of each level, from the data down; each level but the last halves the size.
        layers_per_block: Residual blocks of a level of the encoder; the decoder's have one more.
        latent_channels: Of the code.
        groups: Of the normalization.
        attends: Levels, from the data down, of which each residual block of the encoder is followed
            by attention.
        decoder_attends: The same of the decoder, from the data down.
        middle_attends: Whether there is attention between the two residual blocks of the middle.
    """

    channels: Sequence[int] = (128, 256, 512, 512)
    layers_per_block: int = 2
    latent_channels: int = 4
    groups: int = 32
    attends: Sequence[int] = ()
    decoder_attends: Sequence[int] = ()
    middle_attends: bool = True

    def norm(self, x: Any, name: str) -> Any:
        """Group normalization."""
        return normalization.GroupNormalization(
            self.groups, epsilon=EPSILON, name=layer_name(name)
        )(x)


Shape = tuple[int | None, int | None, int]
"""Of data: height, width, channels. The first two may be unknown."""


def layer_name(module: str) -> str:
    """The name of the layer that has the tensors of a module."""
    return module.replace(".", "-")


def module_name(layer: str) -> str:
    """The name of the module whose tensors a layer has."""
    return layer.replace("-", ".")


def encoder(shape: Shape, topology: Topology) -> keras.Model:
    """`data` → `mean` and `log_variance`, maps of `latent_channels`."""
    data = keras.Input(tuple(shape), name="data")
    x = _down(data, 2 * topology.latent_channels, topology)
    mean, log_variance = ops.split(_conv(x, x.shape[-1], "quant_conv", kernel=1), 2, axis=-1)
    outputs = {"mean": mean, "log_variance": log_variance}
    return keras.Model({"data": data}, outputs, name="latent_diffusion_encoder")


def to_vectors(shape: Shape, topology: Topology, dim: int) -> keras.Model:
    """`data` → `vectors`, a map of `dim` channels to be quantized."""
    data = keras.Input(tuple(shape), name="data")
    x = _down(data, topology.latent_channels, topology)
    outputs = {"vectors": _conv(x, dim, "quant_conv", kernel=1)}
    return keras.Model({"data": data}, outputs, name="latent_diffusion_to_vectors")


def decoder(shape: Shape, topology: Topology, dim: int | None = None) -> keras.Model:
    """`latent`, a map of `dim` channels → `data`, without an output activation.

    Args:
        shape: Of the data.
        topology: Of the network.
        dim: Channels of the latent; by default `latent_channels`.
    """
    height, width, channels = shape
    levels = len(topology.channels) - 1
    sizes: list[tuple[int, ...]] | None = None
    if height and width:
        sizes = blocks.downsampled_sizes((height, width, channels), levels)
    smallest = (None, None) if sizes is None else sizes[-1]
    latent = keras.Input((*smallest, dim or topology.latent_channels), name="latent")
    x = _conv(latent, topology.latent_channels, "post_quant_conv", kernel=1)
    x = _conv(x, topology.channels[-1], "decoder.conv_in")
    x = _middle(x, "decoder.mid_block", topology)
    for number, level in enumerate(range(levels, -1, -1)):
        features, name = topology.channels[level], f"decoder.up_blocks.{number}"
        for block in range(topology.layers_per_block + 1):
            x = _residual(x, features, f"{name}.resnets.{block}", topology)
            if level in topology.decoder_attends:
                x = _attention(x, f"{name}.attentions.{block}", topology)
        if level:
            x = layers.UpSampling2D(2)(x)
            x = x if sizes is None else blocks.crop(x, sizes[level - 1])
            x = _conv(x, features, f"{name}.upsamplers.0.conv")
    x = ops.silu(topology.norm(x, "decoder.conv_norm_out"))
    made = _conv(x, channels, "decoder.conv_out")
    return keras.Model({"latent": latent}, {"data": made}, name="latent_diffusion_decoder")


def _down(data: Any, width: int, topology: Topology) -> Any:
    """The encoder up to a map of `width` channels."""
    x = _conv(data, topology.channels[0], "encoder.conv_in")
    for level, channels in enumerate(topology.channels):
        name = f"encoder.down_blocks.{level}"
        for number in range(topology.layers_per_block):
            x = _residual(x, channels, f"{name}.resnets.{number}", topology)
            if level in topology.attends:
                x = _attention(x, f"{name}.attentions.{number}", topology)
        if level < len(topology.channels) - 1:
            x = _conv(x, channels, f"{name}.downsamplers.0.conv", strides=2)
    x = _middle(x, "encoder.mid_block", topology)
    x = ops.silu(topology.norm(x, "encoder.conv_norm_out"))
    return _conv(x, width, "encoder.conv_out")


def _conv(x: Any, width: int, name: str, *, kernel: int = 3, strides: int = 1) -> Any:
    return layers.Conv2D(width, kernel, strides=strides, padding="same", name=layer_name(name))(x)


def _residual(x: Any, width: int, name: str, topology: Topology) -> Any:
    """Two convolutions behind normalizations, and a shortcut."""
    y = _conv(ops.silu(topology.norm(x, f"{name}.norm1")), width, f"{name}.conv1")
    y = _conv(ops.silu(topology.norm(y, f"{name}.norm2")), width, f"{name}.conv2")
    if x.shape[-1] != width:
        x = _conv(x, width, f"{name}.conv_shortcut", kernel=1)
    return x + y


def _middle(x: Any, name: str, topology: Topology) -> Any:
    """Two residual blocks, around self-attention where the topology has it."""
    width = topology.channels[-1]
    x = _residual(x, width, f"{name}.resnets.0", topology)
    if topology.middle_attends:
        x = _attention(x, f"{name}.attentions.0", topology)
    return _residual(x, width, f"{name}.resnets.1", topology)


def _attention(x: Any, name: str, topology: Topology) -> Any:
    """Self-attention of one head between the places of a map, and a shortcut."""
    width = x.shape[-1]
    flat = layers.Reshape((-1, width))(topology.norm(x, f"{name}.group_norm"))
    query, key, value = (
        layers.Dense(width, name=layer_name(f"{name}.{part}"))(flat)
        for part in ("to_q", "to_k", "to_v")
    )
    weights = ops.matmul(query, ops.transpose(key, (0, 2, 1))) / math.sqrt(width)
    read = ops.matmul(ops.softmax(weights, axis=-1), value)
    made = layers.Dense(width, name=layer_name(f"{name}.to_out.0"))(read)
    return x + LikeMap(name=layer_name(f"{name}.to_map"))([made, x])
