"""The residual networks of latent diffusion's autoencoder, with attention at the smallest map.

Rombach et al., 2021, arXiv:2112.10752; the topology, and the names of the layers, are those of
`AutoencoderKL` in diffusers. Layers are named as the tensors of its public weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from zoo.layers import normalization
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
    """

    channels: Sequence[int] = (128, 256, 512, 512)
    layers_per_block: int = 2
    latent_channels: int = 4
    groups: int = 32

    def norm(self, x: Any, name: str) -> Any:
        """Group normalization."""
        return normalization.GroupNormalization(self.groups, epsilon=EPSILON, name=name)(x)


def encoder(shape: Sequence[int], topology: Topology) -> keras.Model:
    """`data` → `mean` and `log_variance`, maps of `latent_channels`."""
    data = keras.Input(tuple(shape), name="data")
    x = _conv(data, topology.channels[0], "encoder.conv_in")
    for level, width in enumerate(topology.channels):
        name = f"encoder.down_blocks.{level}"
        for number in range(topology.layers_per_block):
            x = _residual(x, width, f"{name}.resnets.{number}", topology)
        if level < len(topology.channels) - 1:
            x = _conv(x, width, f"{name}.downsamplers.0.conv", strides=2)
    x = _middle(x, "encoder.mid_block", topology)
    x = ops.silu(topology.norm(x, "encoder.conv_norm_out"))
    x = _conv(x, 2 * topology.latent_channels, "encoder.conv_out")
    mean, log_variance = ops.split(_conv(x, x.shape[-1], "quant_conv", kernel=1), 2, axis=-1)
    outputs = {"mean": mean, "log_variance": log_variance}
    return keras.Model({"data": data}, outputs, name="latent_diffusion_encoder")


def decoder(shape: Sequence[int], topology: Topology) -> keras.Model:
    """`latent`, a map of `latent_channels` → `data`, without an output activation."""
    sizes = blocks.downsampled_sizes(shape, len(topology.channels) - 1)
    latent = keras.Input((*sizes[-1], topology.latent_channels), name="latent")
    x = _conv(latent, topology.latent_channels, "post_quant_conv", kernel=1)
    x = _conv(x, topology.channels[-1], "decoder.conv_in")
    x = _middle(x, "decoder.mid_block", topology)
    last = len(topology.channels) - 1
    for level, width in enumerate(reversed(topology.channels)):
        name = f"decoder.up_blocks.{level}"
        for number in range(topology.layers_per_block + 1):
            x = _residual(x, width, f"{name}.resnets.{number}", topology)
        if level < last:
            x = blocks.crop(layers.UpSampling2D(2)(x), sizes[last - level - 1])
            x = _conv(x, width, f"{name}.upsamplers.0.conv")
    x = ops.silu(topology.norm(x, "decoder.conv_norm_out"))
    made = _conv(x, shape[-1], "decoder.conv_out")
    return keras.Model({"latent": latent}, {"data": made}, name="latent_diffusion_decoder")


def _conv(x: Any, width: int, name: str, *, kernel: int = 3, strides: int = 1) -> Any:
    return layers.Conv2D(width, kernel, strides=strides, padding="same", name=name)(x)


def _residual(x: Any, width: int, name: str, topology: Topology) -> Any:
    """Two convolutions behind normalizations, and a shortcut."""
    y = _conv(ops.silu(topology.norm(x, f"{name}.norm1")), width, f"{name}.conv1")
    y = _conv(ops.silu(topology.norm(y, f"{name}.norm2")), width, f"{name}.conv2")
    if x.shape[-1] != width:
        x = _conv(x, width, f"{name}.conv_shortcut", kernel=1)
    return x + y


def _middle(x: Any, name: str, topology: Topology) -> Any:
    """Two residual blocks around self-attention of one head."""
    width = topology.channels[-1]
    x = _residual(x, width, f"{name}.resnets.0", topology)
    x = _attention(x, f"{name}.attentions.0", topology)
    return _residual(x, width, f"{name}.resnets.1", topology)


def _attention(x: Any, name: str, topology: Topology) -> Any:
    *size, width = x.shape[1:]
    flat = ops.reshape(topology.norm(x, f"{name}.group_norm"), (-1, math.prod(size), width))
    query, key, value = (
        layers.Dense(width, name=f"{name}.{part}")(flat) for part in ("to_q", "to_k", "to_v")
    )
    weights = ops.matmul(query, ops.transpose(key, (0, 2, 1))) / math.sqrt(width)
    read = ops.matmul(ops.softmax(weights, axis=-1), value)
    made = layers.Dense(width, name=f"{name}.to_out.0")(read)
    return x + ops.reshape(made, (-1, *size, width))
