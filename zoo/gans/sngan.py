"""A discriminator of bounded slope, by the spectral norms of its kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.gans.base import Adversarial


class SNGAN(Adversarial):
    """Spectrally normalized GAN (Miyato et al., 2018, arXiv:1802.05957).

    Each of the discriminator's kernels is divided by its largest singular value; hinge loss, and
    the momenta of Adam and the five updates of the discriminator that the paper finds best. The
    learning rate is for some thousand steps; the paper's is 2e-4. The networks are the strided ones
    of `conv`; with `network="resnet"` they are, at 32×32×3, the paper's residual ones for CIFAR-10.
    Those for ImageNet at 128×128 are `network_options={"width": 64, "growth": 16,
    "discriminator.final_blocks": 1}`.
    """

    latent_dim = 128
    loss = "hinge"
    learning_rate = 5e-4
    beta_1 = 0.0
    beta_2 = 0.9
    discriminator_steps = 5
    family_defaults = {
        "resnet": {
            "generator": {"width": 256},
            "discriminator": {"activation": "relu", "pooling": "sum"},
        }
    }

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Spectral normalization of the discriminator, batch normalization of the generator."""
        discriminator = {"activation": "leaky_relu", "normalization": "spectral"}
        return {
            "generator": {"normalization": "batch"},
            "discriminator": self.discriminator_defaults(discriminator),
        }
