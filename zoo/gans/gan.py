"""The generative adversarial network: what every GAN here builds on."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from zoo import losses, networks
from zoo.errors import ModelError
from zoo.model import GenerativeModel
from zoo.noise import Noise, normal
from zoo.phase import Phase

GENERATOR_LOSSES = {
    "minimax": losses.minimax_generator,
    "non_saturating": losses.non_saturating_generator,
}


class GAN(GenerativeModel):
    """Generative adversarial network (Goodfellow et al., 2014, arXiv:1406.2661).

    Each step updates the discriminator, then the generator. A GAN with another architecture
    overrides `make_generator` and `make_discriminator`; one with another loss, the two losses.

    Args:
        shape: Of one sample.
        latent_dim: Length of the latent.
        network: A family of `zoo.networks`; fully connected by default.
        loss: The generator's: `non_saturating`, or `minimax` as the game is written.
        learning_rate: Of the generator's Adam.
        discriminator_learning_rate: Of the discriminator's; by default the same.
        beta_1: Of both Adams.
        beta_2: Of both Adams.
        discriminator_steps: Updates of the discriminator per update of the generator.
        network_options: Keywords of the family's functions, for both networks.
        options: See `GenerativeModel`; `value_range` is (-1, 1) by default.

    Raises:
        ModelError: The loss is unknown.
    """

    sampler = "generator"
    network: str | None = "mlp"

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int = 100,
        *,
        network: str | None = None,
        loss: str = "non_saturating",
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
        if loss not in GENERATOR_LOSSES:
            raise ModelError(f"loss is one of {', '.join(GENERATOR_LOSSES)}. Received: {loss!r}")
        self.adversarial = GENERATOR_LOSSES[loss]
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

    def discriminator_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Real data are 1, generated ones 0."""
        fake = ops.stop_gradient(self.generate(batch, training))
        real_logits = self.judge(batch["data"], batch, training)
        fake_logits = self.judge(fake, batch, training)
        return {
            "loss": losses.standard_discriminator(real_logits, fake_logits),
            "real": ops.mean(ops.sigmoid(real_logits)),
            "fake": ops.mean(ops.sigmoid(fake_logits)),
        }

    def generator_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Generated data should pass for real."""
        fake = self.generate(batch, training)
        return {"loss": self.adversarial(self.judge(fake, batch, training))}
