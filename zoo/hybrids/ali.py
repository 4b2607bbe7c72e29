"""A GAN of pairs whose encoder draws its latents."""

from __future__ import annotations

from typing import Any

import keras

from zoo import losses
from zoo.hybrids.bigan import BiGAN
from zoo.networks import apply
from zoo.noise import Noise, normal
from zoo.phase import Batch
from zoo.settings import setting


class ALI(BiGAN):
    """Adversarially learned inference (Dumoulin et al., 2016, arXiv:1606.00704).

    The game of pairs in which the encoder gives a normal distribution and its latent is drawn from
    it, mean + stddev·epsilon. Latents are standard normal; codes are the means. The generator has
    no noise of its own, as in the authors' experiments on images.
    """

    latent_dim = 64
    code = "mean"
    encoder: keras.Model = setting("Data → mean and log_variance.", default=None)

    def assemble(self) -> None:
        super().assemble()
        self.noise = {**self.noise, "epsilon": normal(self.latent_dim)}

    def make_encoder(self) -> keras.Model:
        """`data` → `mean` and `log_variance`."""
        return self.encoder_of(mean=self.latent_dim, log_variance=self.latent_dim)

    def latent_noise(self) -> Noise:
        """The latent's distribution: standard normal."""
        return normal(self.latent_dim)

    def infer(self, batch: Batch, training: bool) -> Any:
        """A latent drawn for each datum."""
        posterior = apply(self.encoder, batch, training)
        return losses.reparameterize(**posterior, epsilon=batch["epsilon"])
