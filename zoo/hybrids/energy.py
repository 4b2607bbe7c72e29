"""GANs whose discriminator is an autoencoder: what it reconstructs badly has a high energy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from zoo.model import GenerativeModel, NetworkSettings, Rate
from zoo.networks import apply
from zoo.noise import Noise, normal
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting


class EnergyBased(NetworkSettings, GenerativeModel):
    """A generator, and an autoencoder as the discriminator.

    A subclass says what the energy of data is and what the two sides minimise.
    """

    value_range = (-1.0, 1.0)
    output = "clip"
    latent_dim: int = setting("Length of the latent.", default=64, at_least=1, tiny=4)
    code_dim: int = setting("Length of the autoencoder's code.", default=64, at_least=1, tiny=4)
    learning_rate: Rate = setting("Of both Adams.", default=2e-4, above=0)
    pulling_away: float = setting("Weight of the pulling-away term.", default=0.1, at_least=0)
    generator: keras.Model = setting("Latent → data, without an output activation.", default=None)
    encoder: keras.Model = setting("Data → code.", default=None)
    decoder: keras.Model = setting(
        "Code, as latent → data, without an output activation.", default=None
    )

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Batch normalization of the convolutional generator."""
        maker = {"normalization": "batch"} if len(self.shape) > 1 else {}
        return {"generator": maker, "encoder": {"activation": "leaky_relu"}, "decoder": {}}

    def assemble(self) -> None:
        self.generator, self.generator_logits = self.decoder_of("generator", latent=self.latent_dim)
        self.encoder = self.encoder_of(code=self.code_dim)
        self.decoder, self.decoder_logits = self.decoder_of(latent=self.code_dim)
        self.prior = {"latent": self.latent_noise()}
        self.noise = dict(self.prior)
        networks = [self.encoder, self.decoder]
        self.phases = [
            Phase(self.discriminator_loss, networks, self.make_optimizer()),
            Phase(self.generator_loss, [self.generator], self.make_optimizer()),
        ]

    def make_optimizer(self) -> keras.optimizers.Optimizer:
        """The optimizer of a phase."""
        return keras.optimizers.Adam(self.learning_rate, 0.5)

    def latent_noise(self) -> Noise:
        """The latent's distribution: standard normal."""
        return normal(self.latent_dim)

    def generate(self, batch: Batch, training: bool) -> Any:
        """Data from the batch's latent, as the network makes them, not cut to the range."""
        return apply(self.generator_logits, batch, training)["data"]

    def rebuilt(self, data: Any, batch: Batch, training: bool) -> tuple[Any, Any]:
        """The code of data, and what the discriminator makes of it."""
        code = apply(self.encoder, batch | {"data": data}, training)["code"]
        return code, apply(self.decoder_logits, batch | {"latent": code}, training)["data"]

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """Low energy of data, high energy of samples."""
        raise NotImplementedError(f"{type(self).__name__} defines discriminator_loss().")

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """Low energy of samples."""
        raise NotImplementedError(f"{type(self).__name__} defines generator_loss().")
