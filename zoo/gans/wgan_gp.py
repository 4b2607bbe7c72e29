"""The Wasserstein distance, with a penalty on the critic's slope."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.backends import input_gradient
from zoo.gans.base import Adversarial
from zoo.noise import uniform


class WGANGP(Adversarial):
    """Wasserstein GAN with gradient penalty (Gulrajani et al., 2017, arXiv:1704.00028).

    The critic estimates the Wasserstein distance; the norm of its gradient is drawn to 1 at
    random points between real and generated data.

    Args:
        shape: Of one sample.
        latent_dim: Length of the latent.
        penalty: Weight of the gradient penalty, λ in the paper.
        learning_rate: Of both Adams.
        beta_1: Of both Adams.
        beta_2: Of both Adams.
        discriminator_steps: Updates of the critic per update of the generator.
        options: See `Adversarial`.
    """

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int = 128,
        *,
        penalty: float = 10.0,
        learning_rate: float = 1e-4,
        beta_1: float = 0.0,
        beta_2: float = 0.9,
        discriminator_steps: int = 5,
        **options: Any,
    ) -> None:
        super().__init__(
            shape,
            latent_dim,
            learning_rate=learning_rate,
            beta_1=beta_1,
            beta_2=beta_2,
            discriminator_steps=discriminator_steps,
            **options,
        )
        self.penalty = penalty
        mixing = uniform(*(1 for _ in self.shape))
        self.noise = {**self.prior, "mix": mixing}

    def make_generator(self, latent_dim: int, **keywords: Any) -> keras.Model:
        """A generator with batch normalization."""
        return super().make_generator(latent_dim, **({"normalization": "batch"} | keywords))

    def make_discriminator(self, **keywords: Any) -> keras.Model:
        """A critic with layer normalization: batch normalization would mix up the penalties.

        Its output has no bias: the loss is a difference, in which a bias cancels.
        """
        chosen = {"normalization": "layer", "head_bias": False}
        return super().make_discriminator(**(chosen | keywords))

    def discriminator_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """The distance, negated, and the penalty."""
        real, mix = batch["data"], batch["mix"]
        fake = ops.stop_gradient(self.generate(batch, training))
        distance = losses.wasserstein_critic(
            self.judge(real, batch, training), self.judge(fake, batch, training)
        )
        slope = input_gradient(
            lambda data: self.judge(data, batch, training), mix * real + (1 - mix) * fake
        )
        penalty = losses.unit_norm(slope)
        return {
            "loss": distance + self.penalty * penalty,
            "distance": -distance,
            "penalty": penalty,
        }

    def generator_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """The critic's opinion, negated."""
        fake = self.generate(batch, training)
        return {"loss": losses.wasserstein_generator(self.judge(fake, batch, training))}
