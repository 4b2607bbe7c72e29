"""A VAE whose encoder is the critic of what its decoder makes."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.autoencoders.variational import Variational
from zoo.networks import apply
from zoo.noise import normal
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting


class SoftIntroVAE(Variational):
    """Soft-IntroVAE (Daniel & Tamar, 2020, arXiv:2012.13253, equation 6).

    With the negative bound of data x, L(x; b) = beta_reconstruction·R(x) + b·KL(x), and x_f a
    sample or a reconstruction,

    - the encoder minimises s·L(x; beta) + ¼ Σ_f mean exp(−2·s·L(x_f; beta_negative)),
    - the decoder minimises s·(beta_reconstruction·R(x) + ½·beta·Σ_f KL(x_f)),

    s = 1 / features; α = 2. The authors' decoder also weighs the errors of fakes by 1e-8, which is
    left out. R is −log p in nats, of a Bernoulli or a Gaussian likelihood; theirs is the summed
    squared error.
    """

    beta: float = setting("Weight of the KL divergence of data.", default=1.0, at_least=0)
    beta_reconstruction: float = setting("Weight of the reconstruction.", default=1.0, above=0)
    beta_negative: float = setting(
        "Weight of the KL divergence of samples and reconstructions in the encoder's loss.",
        default=64.0,
        at_least=0,
    )

    def assemble(self) -> None:
        super().assemble()
        names = ("epsilon", "sample_epsilon", "rebuilt_epsilon", "latent")
        self.noise = {name: normal(self.latent_dim) for name in names}
        self.phases = [
            Phase(loss, [network], keras.optimizers.Adam(self.learning_rate))
            for loss, network in (
                (self.encoder_loss, self.encoder),
                (self.decoder_loss, self.decoder),
            )
        ]

    @property
    def scale(self) -> float:
        """The factor from sums over the features to means."""
        return 1.0 / math.prod(self.shape)

    def encoder_loss(self, batch: Batch, training: bool) -> Logs:
        """The bound of data, and the soft threshold of the bounds of fakes."""
        posterior = apply(self.encoder, batch, training)
        latent = self.draw(posterior, batch)
        reconstruction = self.reconstruction(batch | {"latent": latent}, training)
        kl = losses.standard_normal_kl_rows(**posterior)
        bound = ops.mean(self.beta_reconstruction * reconstruction + self.beta * kl)
        terms = [
            ops.mean(ops.exp(-2 * self.scale * self.negative(fake, epsilon, batch, training)))
            for fake, epsilon in self.fakes(batch, latent, training)
        ]
        return {
            "loss": self.scale * bound + 0.25 * sum(terms),
            "reconstruction": ops.mean(reconstruction),
            "kl": ops.mean(kl),
            "fakes": 0.5 * sum(terms),
        }

    def negative(self, fake: Any, epsilon: Any, batch: Batch, training: bool) -> Any:
        """The bound of each fake, its divergence weighted by `beta_negative`."""
        batch = batch | {"data": ops.stop_gradient(fake)}
        posterior = apply(self.encoder, batch, training)
        latent = losses.reparameterize(**posterior, epsilon=epsilon)
        reconstruction = self.reconstruction(batch | {"latent": latent}, training)
        kl = losses.standard_normal_kl_rows(**posterior)
        return self.beta_reconstruction * reconstruction + self.beta_negative * kl

    def fakes(self, batch: Batch, latent: Any, training: bool) -> list[tuple[Any, Any]]:
        """Samples and reconstructions, and what their latents are drawn with."""
        return [
            (apply(self.decoder, batch | {"latent": z}, training)["data"], batch[epsilon])
            for z, epsilon in (
                (batch["latent"], "sample_epsilon"),
                (ops.stop_gradient(latent), "rebuilt_epsilon"),
            )
        ]

    def decoder_loss(self, batch: Batch, training: bool) -> Logs:
        """The error of data, and fakes that the encoder takes for data."""
        latent = ops.stop_gradient(self.draw(apply(self.encoder, batch, training), batch))
        reconstruction = ops.mean(self.reconstruction(batch | {"latent": latent}, training))
        divergences = [
            ops.mean(
                losses.standard_normal_kl_rows(
                    **apply(self.encoder, batch | {"data": fake}, training)
                )
            )
            for fake, _ in self.fakes(batch, latent, training)
        ]
        bound = self.beta_reconstruction * reconstruction + 0.5 * self.beta * sum(divergences)
        return {"loss": self.scale * bound, "sample_kl": divergences[0]}
