"""What every GAN builds on: a generator, a discriminator, and a phase for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import keras
from keras import ops

from zoo.model import GenerativeModel, NetworkSettings, Rate
from zoo.networks import apply
from zoo.noise import Noise, normal
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting

Side = Literal["real", "fake"]
Terms = dict[str, tuple[float, Any]]
"""What is added to a loss: the name in the log → the weight and the value."""


class Adversarial(NetworkSettings, GenerativeModel):
    """A generator and a discriminator that train in turn, the discriminator first.

    A subclass defines the two losses.
    """

    value_range = (-1.0, 1.0)
    latent_dim: int = setting("Length of the latent.", default=100, at_least=1, tiny=4)
    learning_rate: Rate = setting("Of the generator's Adam.", default=2e-4, above=0)
    discriminator_learning_rate: Rate | None = setting(
        "Of the discriminator's Adam; by default the same.", default=None, above=0
    )
    beta_1: float = setting("Of both Adams.", default=0.5, at_least=0, below=1)
    beta_2: float = setting("Of both Adams.", default=0.999, at_least=0, below=1)
    discriminator_steps: int = setting(
        "Updates of the discriminator per update of the generator.", default=1, at_least=1
    )
    generator: keras.Model = setting("Latent → data, without an output activation.", default=None)
    discriminator: keras.Model = setting("Data → logit.", default=None)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The discriminator's activation."""
        return {"discriminator": {"activation": "leaky_relu"}}

    def assemble(self) -> None:
        self.make_generator()
        self.make_discriminator()
        self.noise = {**self.prior}
        rate = self.discriminator_learning_rate or self.learning_rate
        self.phases = [
            Phase(
                self.discriminator_loss,
                [self.judge_network],
                self.make_optimizer(rate),
                repeat=self.discriminator_steps,
            ),
            Phase(self.generator_loss, [self.generator], self.make_optimizer(self.learning_rate)),
        ]

    def make_generator(self) -> None:
        """Makes `generator` and `prior`, the random inputs that it reads."""
        self.generator, _ = self.decoder_of("generator", latent=self.latent_dim)
        self.prior = {"latent": self.latent_noise()}

    def make_discriminator(self) -> None:
        """Makes `discriminator`, and whatever else its phase trains."""
        self.discriminator = self.encoder_of("discriminator", logit=1)

    @property
    def judge_network(self) -> keras.Model:
        """The network that the discriminator's phase trains."""
        return self.discriminator

    def latent_noise(self) -> Noise:
        """The latent's distribution: standard normal."""
        return normal(self.latent_dim)

    def make_optimizer(self, learning_rate: Rate) -> keras.optimizers.Optimizer:
        """The optimizer of a phase."""
        return keras.optimizers.Adam(learning_rate, self.beta_1, self.beta_2)

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """What the discriminator minimises."""
        raise NotImplementedError(f"{type(self).__name__} defines discriminator_loss().")

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """What the generator minimises."""
        raise NotImplementedError(f"{type(self).__name__} defines generator_loss().")

    def generate(self, batch: Batch, training: bool) -> Any:
        """Data from the batch's latent, and its labels where the model reads them."""
        return apply(self.generator, batch, training)["data"]

    def discriminate(self, data: Any, batch: Batch, training: bool) -> Any:
        """The discriminator's logits `(batch, 1)`."""
        return self.judge(data, batch, training, "fake")["logit"]

    def judge(self, data: Any, batch: Batch, training: bool, side: Side) -> Logs:
        """The discriminator's outputs for data or samples."""
        seen = batch | {"data": self.view(data, batch, side)}
        return apply(self.judge_network, seen, training)

    def view(self, data: Any, batch: Batch, side: Side) -> Any:
        """Data or samples as the discriminator sees them: as they are."""
        return data

    def generator_terms(self, fake: Logs, batch: Batch) -> Terms:
        """What a subclass adds to the generator's loss, of the discriminator's outputs."""
        return {}

    def logits(self, batch: Batch, training: bool) -> tuple[Any, Any]:
        """The discriminator's logits of data, and of generated data that pass no gradient."""
        fake = ops.stop_gradient(self.generate(batch, training))
        return self.discriminate(batch["data"], batch, training), self.discriminate(
            fake, batch, training
        )


def with_terms(loss: Any, terms: Terms) -> Logs:
    """The logs of a loss with what is added to it, which the log shows without its weight."""
    for weight, value in terms.values():
        loss = loss + weight * value
    return {"loss": loss, **{name: value for name, (_, value) in terms.items()}}
