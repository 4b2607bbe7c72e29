"""Labels as inputs of both networks."""

from collections.abc import Sequence
from typing import Any

from zoo.gans.gan import GAN


class CGAN(GAN):
    """Conditional GAN (Mirza & Osindero, 2014, arXiv:1411.1784).

    Generator and discriminator read the label beside their input; one-hot, or as a channel.

    Args:
        shape: Of one sample.
        num_classes: How many labels there are.
        latent_dim: Length of the latent.
        network: A family of `zoo.networks`; by default `mlp` for vectors, `conv` for all else.
        options: See `GAN`.
    """

    network = None

    def __init__(
        self, shape: Sequence[int], num_classes: int, latent_dim: int = 100, **options: Any
    ) -> None:
        super().__init__(shape, latent_dim, num_classes=num_classes, **options)
