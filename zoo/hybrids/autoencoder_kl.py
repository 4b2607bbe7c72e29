"""The autoencoder of latent diffusion with a small divergence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.hybrids.patch_adversarial import PatchAdversarial
from zoo.model import NetworkSettings, Rate
from zoo.networks import apply
from zoo.noise import normal
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting


class AutoencoderKL(NetworkSettings, PatchAdversarial):
    """AutoencoderKL of latent diffusion (Rombach et al., 2021, arXiv:2112.10752, section 3.1).

    The code is a map of normal distributions, which a small divergence from N(0, I) keeps in
    bounds; a perceptual distance and a game of patches make what is decoded from it sharp. The
    divergence is summed over the code and divided by the number of the data's features, as the mean
    error is. The default networks are those of VQ-VAE; the authors' are residual, with attention.
    """

    accepts = ("sequence", "image")
    value_range = (-1.0, 1.0)
    output = "clip"
    network: str | None = "vq"
    code = "mean"
    latent_channels: int = setting("Channels of the code.", default=4, at_least=1, tiny=2)
    kl_weight: float = setting("Of the divergence.", default=1e-3, at_least=0)
    learning_rate: Rate = setting("Of the autoencoder's Adam.", default=5e-4, above=0)
    encoder: keras.Model = setting("Data → mean and log_variance, maps.", default=None)
    decoder: keras.Model = setting("Latent → data, without an output activation.", default=None)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Layer normalization of the autoencoder."""
        shared = {"normalization": "layer"}
        return {"encoder": shared, "decoder": shared, "discriminator": self.discriminator_options}

    def assemble(self) -> None:
        # A network of the user's own brings maps of its own channels.
        channels = self.latent_channels if self.settings["encoder"] is None else None
        self.encoder = self.encoder_of(mean=channels, log_variance=channels)
        code = self.encoder.output["mean"].shape[1:]
        self.decoder, self.decoder_logits = self.decoder_of(latent=code)
        self.make_judges(self.decoder_logits)
        self.noise = {"epsilon": normal(*code)}
        optimizer = keras.optimizers.Adam(self.learning_rate, 0.5, 0.9)
        phase = Phase(self.autoencoder_loss, [self.encoder, self.decoder], optimizer)
        self.phases = [phase, self.discriminator_phase()]

    def rebuild(self, batch: Batch, training: bool) -> tuple[Any, Any, Logs]:
        """A latent drawn for each datum, and the divergence."""
        found = apply(self.encoder, batch, training)
        mean = found["mean"]
        log_variance = losses.bounded_log_variance(found["log_variance"])  # as the authors' code
        latent = losses.reparameterize(mean, log_variance, batch["epsilon"])
        kl = ops.mean(losses.standard_normal_kl_rows(mean, log_variance))
        return latent, self.kl_weight * kl / math.prod(self.shape), {"kl": kl}
