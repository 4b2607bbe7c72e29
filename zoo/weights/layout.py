"""Configurations of diffusers' `AutoencoderKL` and `VQModel`, and the networks they describe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from zoo.errors import DataError
from zoo.layers import Codebook
from zoo.networks import latent_diffusion
from zoo.networks.latent_diffusion import Topology

Networks = dict[str, keras.Model]
FIXED = {"act_fn": "silu", "norm_type": "group"}
"""Entries of the configuration of which one form alone is read here."""
BLOCKS = {
    "down_block_types": {"DownEncoderBlock2D": False, "AttnDownEncoderBlock2D": True},
    "up_block_types": {"UpDecoderBlock2D": False, "AttnUpDecoderBlock2D": True},
}
"""Kinds of levels → whether there is attention."""


@dataclass(frozen=True)
class Layout:
    """What a configuration says.

    Attributes:
        topology: Of the networks.
        channels: Of the images.
        size: Height and width that the configuration names; None where it names none.
        codebook_size: Vectors of `VQModel`.
        codebook_dim: Their length.
    """

    topology: Topology
    channels: int
    size: int | None
    codebook_size: int
    codebook_dim: int

    @classmethod
    def of(cls, config: Path) -> Layout:
        """That of a file.

        Raises:
            DataError: It is no configuration, or of another topology.
        """
        try:
            described = json.loads(config.read_text())
            latent = _whole("latent_channels", described["latent_channels"])
            widths = described["block_out_channels"]
            groups = _whole("norm_num_groups", described.get("norm_num_groups", 32))
            if not widths or any(_whole("block_out_channels", n) % groups for n in widths):
                raise ValueError(
                    f"block_out_channels are multiples of norm_num_groups, {groups}. "
                    f"Received: {widths!r}"
                )
            topology = Topology(
                tuple(widths),
                _whole("layers_per_block", described["layers_per_block"]),
                latent,
                groups,
                middle_attends=described.get("mid_block_add_attention", True),
            )
            size = described.get("sample_size")
            sizes = _whole("in_channels", described["in_channels"]), size
            vectors, dim = described.get("num_vq_embeddings"), described.get("vq_embed_dim")
            codebook = (
                256 if vectors is None else _whole("num_vq_embeddings", vectors),
                latent if dim is None else _whole("vq_embed_dim", dim),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f"the key {error} is missing" if isinstance(error, KeyError) else error
            raise DataError(
                f"{config} is no configuration of AutoencoderKL or VQModel: {reason}."
            ) from error
        for key, wanted in FIXED.items():
            if described.get(key, wanted) != wanted:
                raise DataError(f"{config}: {key} is {wanted}. Received: {described[key]!r}.")
        attends, decoder_attends = (_attending(described, key, config) for key in BLOCKS)
        topology = replace(topology, attends=attends, decoder_attends=decoder_attends)
        return cls(topology, *sizes, *codebook)

    def shape(self, size: tuple[int, int] | None) -> tuple[int, int, int]:
        """Of the images.

        Raises:
            DataError: No size is given, and the configuration has none, or several.
        """
        if size is not None:
            return *size, self.channels
        if self.size is None:
            raise DataError(
                "The images have a size. Received: a configuration without sample_size."
            )
        try:
            side = _whole("sample_size", self.size)
        except ValueError as error:
            raise DataError(f"{error}. Accepted: a size of one's own.") from error
        return side, side, self.channels

    def kl_networks(self, shape: latent_diffusion.Shape) -> Networks:
        """The networks of `AutoencoderKL`, untrained."""
        return {
            "encoder": latent_diffusion.encoder(shape, self.topology),
            "decoder": latent_diffusion.decoder(shape, self.topology),
        }

    def vq_networks(self, shape: latent_diffusion.Shape) -> Networks:
        """The networks of `VQModel`, untrained."""
        dim = self.codebook_dim
        return {
            "to_vectors": latent_diffusion.to_vectors(shape, self.topology, dim),
            "from_vectors": latent_diffusion.decoder(shape, self.topology, dim),
        }

    def codebook(self) -> Codebook:
        """The codebook of `VQModel`, untrained."""
        return Codebook(self.codebook_size, self.codebook_dim, name="quantize")


def _whole(key: str, value: Any) -> int:
    """A number of a configuration.

    Raises:
        ValueError: It is no whole number from 1.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{key} is a whole number from 1. Received: {value!r}")
    return value


def _attending(described: Mapping[str, Any], key: str, config: Path) -> tuple[int, ...]:
    """The levels with attention, from the data down.

    Raises:
        DataError: There are levels of another kind, or of another number than widths.
    """
    known, count = BLOCKS[key], len(described["block_out_channels"])
    kinds = described.get(key, [next(iter(known))] * count)
    listed = isinstance(kinds, list) and len(kinds) == count
    if not listed or any(kind not in tuple(known) for kind in kinds):
        raise DataError(f"{config}: {key} are {count} of {', '.join(known)}. Received: {kinds!r}.")
    ordered = kinds if key == "down_block_types" else kinds[::-1]
    return tuple(level for level, kind in enumerate(ordered) if known[kind])
