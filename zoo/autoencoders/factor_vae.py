"""Latents that are independent of each other, by a discriminator."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from zoo import losses, networks
from zoo.autoencoders.variational import Variational
from zoo.model import Rate
from zoo.networks import apply
from zoo.noise import uniform
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting


class FactorVAE(Variational):
    """FactorVAE (Kim & Mnih, 2018, arXiv:1802.05983, algorithm 2).

    Minimises the VAE's loss + γ·TC in nats. TC, the divergence of the latents from independent
    ones, is the mean logit of a discriminator, which a second phase teaches to tell latents from
    latents whose dimensions are permuted across the batch, each by itself. As in the paper it has
    six layers of 1000 units and its own Adam. Both phases read one batch, where the paper's
    second reads another; the learning rate of the VAE is that of the zoo, the paper's is 1e-4.
    """

    latent_dim = 10
    gamma: float = setting("Weight of the total correlation.", default=35.0, at_least=0)
    discriminator_widths: tuple[int, ...] = setting(
        "Units of the discriminator's hidden layers.", default=(1000,) * 6, at_least=1, tiny=(8,)
    )
    discriminator_learning_rate: Rate = setting(
        "Of the discriminator's Adam.", default=1e-4, above=0
    )

    def assemble(self) -> None:
        super().assemble()
        self.latent_discriminator = networks.encoder(
            "mlp",
            {"latent": (self.latent_dim,)},
            {"logit": 1},
            width=list(self.discriminator_widths),
            activation="leaky_relu",
            name="latent_discriminator",
        )
        self.noise = {**self.noise, "order": uniform(self.latent_dim)}
        optimizer = keras.optimizers.Adam(self.discriminator_learning_rate, 0.5, 0.9)
        phase = Phase(self.discriminator_loss, [self.latent_discriminator], optimizer)
        self.phases = [*self.phases, phase]

    def addition(self, posterior: Logs, latent: Any, batch: Batch) -> tuple[Any, Logs]:
        """γ·TC, where TC is the mean of log q(latent) − log Π q(latent_j) by the discriminator."""
        correlation = ops.mean(self.discriminate(latent, True))
        return self.gamma * correlation, {"total_correlation": correlation}

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """The cross-entropy of telling latents from permuted ones."""
        latent = ops.stop_gradient(self.draw(apply(self.encoder, batch, training), batch))
        permuted = ops.take_along_axis(latent, ops.argsort(batch["order"], axis=0), axis=0)
        logits = [self.discriminate(x, training) for x in (latent, permuted)]
        return {"loss": 0.5 * losses.standard_discriminator(*logits)}

    def discriminate(self, latent: Any, training: bool) -> Any:
        """The logit that latents are as they were drawn `(batch, 1)`."""
        return apply(self.latent_discriminator, {"latent": latent}, training)["logit"]
