"""Pairs of data and samples, and penalties at both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.gans.base import Adversarial


class R3GAN(Adversarial):
    """Re-GAN, R3GAN (Huang et al., 2025, arXiv:2501.05441).

    The relativistic loss of pairs, with R1 at data and R2 at samples, both of weight γ/2: a game
    that converges without the tricks of its time. The networks of images and sequences are the
    paper's (`r3gan`), narrower by default; Adam is that of the start of its schedules, which are
    not here, and γ is for small images.
    """

    latent_dim = 64
    loss = "relativistic"
    penalties = {"r1": 1.0, "r2": 1.0}
    beta_1 = 0.0
    beta_2 = 0.9
    ema = 0.999

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The paper's networks; leaky ReLU in both of vectors."""
        own = {"activation": "leaky_relu"} | ({"network": "r3gan"} if len(self.shape) > 1 else {})
        return {"generator": own, "discriminator": self.judging(own)}
