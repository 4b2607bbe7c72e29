"""A large class-conditional GAN: noise and labels into every block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.gans.projection_gan import ProjectionGAN
from zoo.noise import Noise, cut_normal

ORTHOGONAL = "orthogonal"


class BigGAN(ProjectionGAN):
    """BigGAN (Brock et al., 2018, arXiv:1809.11096).

    Each residual block of the generator normalizes by gains and offsets that are linear in an
    embedding of the label, which all blocks share, and in a piece of the latent of its own. Of any
    two filters of a layer of the generator the squared product is a penalty, β ‖WᵀW ⊙ (1 − I)‖²
    (equation 3). A truncation of F draws latents from a normal distribution cut at ±2F, the range
    of the authors' published generators, where other models scale theirs. Spectral normalization
    of both networks, self-attention of the maps that are halved once, projection of the label,
    hinge loss, two updates of the discriminator, a first momentum of 0 and orthogonal initial
    weights are the paper's.

    The default widths, rates and average are for small images and some thousand steps. At 128×128
    the paper has the width 96 (`network_options={"width": 96}`), rates of 5e-5 and, for the
    discriminator, 2e-4, the decay .9999 of the average, and batches of 2048.
    """

    accepts = ("sequence", "image")
    network = "biggan"
    latent_dim = 120
    learning_rate = 5e-4
    discriminator_learning_rate = 2e-3
    beta_2 = 0.999
    discriminator_steps = 2
    orthogonal = 1e-4
    ema = 0.998
    embedding_initializer = ORTHOGONAL

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Spectral kernels that start orthogonal, and conditional normalization."""
        own = {"spectral": True, "kernel_initializer": ORTHOGONAL}
        return {
            "generator": own | {"normalization": "conditional"},
            "discriminator": self.discriminator_defaults(own),
        }

    def latent_noise(self) -> Noise:
        """Standard normal, which a truncation cuts."""
        return cut_normal(self.latent_dim)
