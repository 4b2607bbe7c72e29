"""The Wasserstein distance, with a penalty on the critic's slope."""

from __future__ import annotations

from keras import ops

from zoo import losses
from zoo.backends import input_gradient
from zoo.gans.base import Adversarial
from zoo.noise import uniform
from zoo.phase import Batch, Logs
from zoo.settings import setting


class WGANGP(Adversarial):
    """Wasserstein GAN with gradient penalty (Gulrajani et al., 2017, arXiv:1704.00028).

    The critic estimates the Wasserstein distance; the norm of its gradient is pushed towards 1 at
    random points between real and generated data. Its output has no bias, which would cancel.
    """

    latent_dim = 128
    penalty: float = setting(
        "Weight of the gradient penalty, λ in the paper.", default=10.0, at_least=0
    )
    learning_rate = 1e-4
    beta_1 = 0.0
    beta_2 = 0.9
    discriminator_steps = 5

    network_defaults = {
        "generator": {"normalization": "batch"},
        "discriminator": {
            "activation": "leaky_relu",
            "normalization": "layer",
            "head_bias": False,
        },
    }

    def assemble(self) -> None:
        options = self.network_options
        critic = options.get("discriminator.normalization", options.get("normalization"))
        self.require(
            critic != "batch",
            "batch normalization in the critic would couple the samples that the penalty treats "
            "separately; set it for the generator alone, generator.normalization",
            network_options=options,
        )
        super().assemble()
        self.noise = {**self.prior, "mix": uniform(*(1 for _ in self.shape))}

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """The distance, negated, and the penalty."""
        real, mix = batch["data"], batch["mix"]
        fake = ops.stop_gradient(self.generate(batch, training))
        distance = losses.wasserstein_critic(
            self.discriminate(real, batch, training), self.discriminate(fake, batch, training)
        )
        slope = input_gradient(
            lambda data: self.discriminate(data, batch, training), mix * real + (1 - mix) * fake
        )
        penalty = losses.unit_norm(slope)
        return {
            "loss": distance + self.penalty * penalty,
            "distance": -distance,
            "penalty": penalty,
        }

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """Negative mean critic score of generated data."""
        fake = self.generate(batch, training)
        return {"loss": losses.wasserstein_generator(self.discriminate(fake, batch, training))}
