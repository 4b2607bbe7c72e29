"""The convolutional recipe."""

from collections.abc import Sequence
from typing import Any

import keras
from keras.initializers import RandomNormal

from zoo.gans.gan import GAN
from zoo.noise import Noise, uniform


class DCGAN(GAN):
    """Deep convolutional GAN (Radford et al., 2015, arXiv:1511.06434).

    Strided convolutions, batch normalization but at the generator's output and the
    discriminator's input, ReLU up and leaky ReLU down, weights from N(0, .02²), latents from
    U(−1, 1).

    Args:
        shape: Of one sample, `(height, width, channels)` or `(time, channels)`.
        latent_dim: Length of the latent.
        width: Channels next to the data; they double away from them.
        kernel: Size of the kernels.
        options: See `GAN`.

    Raises:
        ModelError: The shape is that of vectors, or too small.
    """

    network = "conv"

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int = 100,
        *,
        width: int = 64,
        kernel: int = 5,
        **options: Any,
    ) -> None:
        chosen = {"width": width, "kernel": kernel, "normalization": "batch"}
        keywords = chosen | (options.pop("network_options", None) or {})
        super().__init__(shape, latent_dim, network_options=keywords, **options)

    def latent(self, latent_dim: int) -> Noise:
        """The latent's distribution: U(−1, 1)."""
        return uniform(latent_dim, low=-1.0, high=1.0)

    def make_generator(self, latent_dim: int, **keywords: Any) -> keras.Model:
        """The generator with the paper's weights."""
        initializer = RandomNormal(stddev=0.02)
        return super().make_generator(latent_dim, kernel_initializer=initializer, **keywords)

    def make_discriminator(self, **keywords: Any) -> keras.Model:
        """The discriminator with the paper's weights."""
        return super().make_discriminator(kernel_initializer=RandomNormal(stddev=0.02), **keywords)
