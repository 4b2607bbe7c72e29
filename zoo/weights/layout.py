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
            latent = described["latent_channels"]
            topology = Topology(
                tuple(described["block_out_channels"]),
                described["layers_per_block"],
                latent,
                described.get("norm_num_groups", 32),
                middle_attends=described.get("mid_block_add_attention", True),
            )
            sizes = described["in_channels"], described.get("sample_size")
            codebook = described.get("num_vq_embeddings", 256), described.get("vq_embed_dim")
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
        return cls(topology, *sizes, codebook[0], codebook[1] or latent)

    def shape(self, size: tuple[int, int] | None) -> tuple[int, int, int]:
        """Of the images.

        Raises:
            DataError: No size is given, and the configuration has none.
        """
        if size is not None:
            return *size, self.channels
        if self.size is None:
            raise DataError(
                "The images have a size. Received: a configuration without sample_size."
            )
        return self.size, self.size, self.channels

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


def _attending(described: Mapping[str, Any], key: str, config: Path) -> tuple[int, ...]:
    """The levels with attention, from the data down.

    Raises:
        DataError: There are levels of another kind, or of another number than widths.
    """
    known, count = BLOCKS[key], len(described["block_out_channels"])
    kinds = described.get(key, [next(iter(known))] * count)
    if len(kinds) != count or any(kind not in known for kind in kinds):
        raise DataError(f"{config}: {key} are {count} of {', '.join(known)}. Received: {kinds!r}.")
    ordered = kinds if key == "down_block_types" else kinds[::-1]
    return tuple(level for level, kind in enumerate(ordered) if known[kind])
