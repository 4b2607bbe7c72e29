"""Labels as inputs of both networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.gans.gan import GAN
from zoo.settings import setting


class CGAN(GAN):
    """Conditional GAN (Mirza & Osindero, 2014, arXiv:1411.1784).

    Generator and discriminator read the label beside their input: one-hot, as features of vectors
    and as planes of images. Convolutional networks have batch normalization, as in DCGAN (the
    paper's are fully connected): without it they collapse on MNIST.
    """

    network = None
    num_classes: int = setting("Number of classes.", at_least=1, tiny=10)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The discriminator's activation, and the normalization of convolutional networks."""
        shared = {"normalization": "batch"} if len(self.shape) > 1 else {}
        return {"generator": shared, "discriminator": shared | {"activation": "leaky_relu"}}
