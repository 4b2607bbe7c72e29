"""The convolutional recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras.initializers import RandomNormal

from zoo.gans.base import Adversarial
from zoo.noise import Noise, uniform
from zoo.settings import setting


class DCGAN(Adversarial):
    """Deep convolutional GAN (Radford et al., 2015, arXiv:1511.06434).

    Strided convolutions, batch normalization but at the generator's output and the
    discriminator's input, ReLU up and leaky ReLU down, weights from N(0, .02²), latents from
    U(−1, 1).
    """

    accepts = ("sequence", "image")
    network = "conv"
    width: int = setting(
        "Channels next to the data; they double away from them.", default=64, at_least=1, tiny=4
    )
    kernel: int = setting("Size of the kernels.", default=5, at_least=1)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The recipe, and its size."""
        recipe = {
            "width": self.width,
            "kernel": self.kernel,
            "normalization": "batch",
            "kernel_initializer": RandomNormal(stddev=0.02),
        }
        discriminator = self.discriminator_defaults(recipe | {"activation": "leaky_relu"})
        return {"generator": recipe, "discriminator": discriminator}

    def latent_noise(self) -> Noise:
        """The latent's distribution: U(−1, 1)."""
        return uniform(self.latent_dim, low=-1.0, high=1.0)
