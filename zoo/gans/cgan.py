"""Labels as inputs of both networks."""

from __future__ import annotations

from zoo.gans.gan import GAN
from zoo.settings import setting


class CGAN(GAN):
    """Conditional GAN (Mirza & Osindero, 2014, arXiv:1411.1784).

    Generator and discriminator read the label beside their input: one-hot, as features of vectors
    and as planes of images. Where the networks are convolutional the generator has batch
    normalization, without which it collapses on MNIST.
    """

    network = None
    num_classes: int = setting("Number of classes.", at_least=1, tiny=10)

    network_defaults = {
        "generator": {"normalization": "batch"},
        "discriminator": {"activation": "leaky_relu"},
    }
