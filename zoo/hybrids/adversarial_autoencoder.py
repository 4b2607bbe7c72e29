"""An autoencoder whose codes a discriminator brings to a prior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from zoo import losses, networks
from zoo.autoencoders.base import Autoencoder
from zoo.model import NetworkSettings, Rate
from zoo.networks import apply
from zoo.noise import normal
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting


class AdversarialAutoencoder(NetworkSettings, Autoencoder):
    """Adversarial autoencoder (Makhzani et al., 2015, arXiv:1511.05644, section 2).

    Three phases: encoder and decoder reduce the reconstruction's error; a discriminator of codes
    learns to tell draws of the prior, N(0, I), from codes; the encoder learns to make codes that
    pass for draws. The encoder is deterministic. The discriminator has two hidden layers of 1000
    units, as in the paper; the optimizers are Adam where the paper's are momentum's.
    """

    latent_dim: int = setting("Length of the code.", default=8, at_least=1, tiny=4)
    discriminator_widths: tuple[int, ...] = setting(
        "Units of the hidden layers of discriminators of codes.",
        default=(1000, 1000),
        at_least=1,
        tiny=(8,),
    )
    adversarial_learning_rate: Rate = setting(
        "Of the Adams of the discriminator, and of the encoder against it.", default=2e-4, above=0
    )

    def assemble(self) -> None:
        super().assemble()
        self.latent_discriminator = self.discriminator_of("latent", self.latent_dim)
        self.prior = {"latent": normal(self.latent_dim)}
        self.noise = dict(self.prior)
        self.phases = [*self.phases, *self.adversarial_phases([self.latent_discriminator])]

    def make_encoder(self) -> keras.Model:
        """`data` → `code`."""
        return self.encoder_of(code=self.latent_dim)

    def discriminator_of(self, name: str, size: int) -> keras.Model:
        """A discriminator of vectors."""
        return networks.encoder(
            "mlp",
            {name: (size,)},
            {"logit": 1},
            width=list(self.discriminator_widths),
            activation="leaky_relu",
            name=f"{name}_discriminator",
        )

    def adversarial_phases(self, discriminators: list[keras.Model]) -> list[Phase]:
        """The phases of the discriminators and of the encoder against them."""
        rate = self.adversarial_learning_rate
        return [
            Phase(self.discriminator_loss, discriminators, keras.optimizers.Adam(rate, 0.5)),
            Phase(self.encoder_loss, [self.encoder], keras.optimizers.Adam(rate, 0.5)),
        ]

    def pairs(self, batch: Batch, training: bool) -> list[tuple[keras.Model, Any, Any]]:
        """Each discriminator, what is drawn for it, and what the encoder makes of data."""
        code = apply(self.encoder, batch, training)["code"]
        return [(self.latent_discriminator, batch["latent"], code)]

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """The cross-entropy of telling draws from codes."""
        total: Any = 0.0
        accuracy: Any = 0.0
        pairs = self.pairs(batch, training)
        for discriminator, drawn, made in pairs:
            real, fake = (
                logit_of(discriminator, x, training) for x in (drawn, ops.stop_gradient(made))
            )
            total += losses.standard_discriminator(real, fake)
            accuracy += losses.pair_accuracy(real, fake) / len(pairs)
        return {"loss": total, "accuracy": accuracy}

    def encoder_loss(self, batch: Batch, training: bool) -> Logs:
        """Codes that pass for draws."""
        logits = (
            logit_of(discriminator, x, training)
            for discriminator, _, x in self.pairs(batch, training)
        )
        return {"loss": sum(losses.non_saturating_generator(logit) for logit in logits)}


def logit_of(discriminator: keras.Model, vectors: Any, training: bool) -> Any:
    """A discriminator's logit of vectors."""
    (name,) = discriminator.input
    read: Mapping[str, Any] = {name: vectors}
    return apply(discriminator, read, training)["logit"]
