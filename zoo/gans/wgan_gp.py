"""The Wasserstein distance, with a penalty on the critic's slope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.gans.base import Adversarial


class WGANGP(Adversarial):
    """Wasserstein GAN with gradient penalty (Gulrajani et al., 2017, arXiv:1704.00028).

    The critic estimates the Wasserstein distance; the norm of its gradient is pushed towards 1 at
    random points between real and generated data. Its output has no bias, which would cancel.
    The networks are those of `conv`; with `network="resnet"` they are, at 32×32×3, the paper's
    residual ones for CIFAR-10, whose critic has no normalization.
    """

    latent_dim = 128
    loss = "wasserstein"
    penalties = {"gradient": 10.0}
    learning_rate = 1e-4
    beta_1 = 0.0
    beta_2 = 0.9
    discriminator_steps = 5
    family_defaults = {"resnet": {"discriminator": {"activation": "relu", "normalization": None}}}

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Normalization by batches in the generator, of each sample in the critic."""
        critic = {"activation": "leaky_relu", "normalization": "layer"}
        return {
            "generator": {"normalization": "batch"},
            "discriminator": self.discriminator_defaults(critic),
        }
