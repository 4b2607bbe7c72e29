"""What every GAN builds on: a generator, a discriminator, and a phase for each."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from zoo import networks
from zoo.model import GenerativeModel
from zoo.noise import Noise, normal
from zoo.phase import Phase

Loss = Callable[[dict[str, Any], bool], dict[str, Any]]


class Adversarial(GenerativeModel):
    """A generator and a discriminator that train in turn, the discriminator first.

    A subclass defines the two losses; one with another architecture overrides `make_generator` and
    `make_discriminator`.

    Args:
        shape: Of one sample.
        latent_dim: Length of the latent.
        network: A family of `zoo.networks`; the class's own by default.
        learning_rate: Of the generator's Adam.
        discriminator_learning_rate: Of the discriminator's; by default the same.
        beta_1: Of both Adams.
        beta_2: Of both Adams.
        discriminator_steps: Updates of the discriminator per update of the generator.
        network_options: Keywords of the family's functions, for both networks.
        options: See `GenerativeModel`; `value_range` is (-1, 1) by default.
    """

    sampler = "generator"
    network: str | None = None
    discriminator_loss: Loss
    generator_loss: Loss

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int = 100,
        *,
        network: str | None = None,
        learning_rate: float = 2e-4,
        discriminator_learning_rate: float | None = None,
        beta_1: float = 0.5,
        beta_2: float = 0.999,
        discriminator_steps: int = 1,
        network_options: dict[str, Any] | None = None,
        value_range: Sequence[float] | None = (-1.0, 1.0),
        **options: Any,
    ) -> None:
        super().__init__(shape, value_range=value_range, **options)
        self.family = network or self.network
        keywords = network_options or {}
        self.generator = self.make_generator(latent_dim, **keywords)
        self.discriminator = self.make_discriminator(**keywords)
        self.prior = {"latent": self.latent(latent_dim)}
        self.noise = dict(self.prior)
        own = learning_rate if discriminator_learning_rate is None else discriminator_learning_rate
        self.phases = [
            Phase(
                self.discriminator_loss,
                [self.discriminator],
                self.adam(own, beta_1, beta_2),
                repeat=discriminator_steps,
            ),
            Phase(self.generator_loss, [self.generator], self.adam(learning_rate, beta_1, beta_2)),
        ]

    def latent(self, latent_dim: int) -> Noise:
        """The latent's distribution: standard normal."""
        return normal(latent_dim)

    def make_generator(self, latent_dim: int, **keywords: Any) -> keras.Model:
        """`"latent"` (and `"labels"`) → `"data"`."""
        return networks.decoder(
            self.family,
            latent_dim,
            self.shape,
            num_classes=self.num_classes,
            output=self.output_activation,
            name="generator",
            **keywords,
        )

    def make_discriminator(self, **keywords: Any) -> keras.Model:
        """`"data"` (and `"labels"`) → `"logit"`."""
        return networks.encoder(
            self.family,
            self.shape,
            {"logit": 1},
            num_classes=self.num_classes,
            name="discriminator",
            **({"activation": "leaky_relu"} | keywords),
        )

    def generate(self, batch: dict[str, Any], training: bool) -> Any:
        """Data from the batch's latent, and its labels where the model reads them."""
        return self.generator(self.with_labels(batch["latent"], batch), training=training)

    def judge(self, data: Any, batch: dict[str, Any], training: bool) -> Any:
        """The discriminator's logits `(batch, 1)`."""
        return self.discriminator(self.with_labels(data, batch), training=training)

    def with_labels(self, inputs: Any, batch: dict[str, Any]) -> Any:
        """A network's inputs: with the labels where the model reads them."""
        return inputs if self.num_classes is None else [inputs, batch["labels"]]
