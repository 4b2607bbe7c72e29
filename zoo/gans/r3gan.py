"""Pairs of data and samples, and penalties at both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.gans.base import Adversarial


class R3GAN(Adversarial):
    """Re-GAN, R3GAN (Huang et al., 2025, arXiv:2501.05441).

    The relativistic loss of pairs, with R1 at data and R2 at samples, both of weight γ/2: a game
    that converges without the tricks of its time. Neither network is normalized. The paper's
    networks are `network="r3gan"`; by default they are `conv`, since JAX is slow at convolutions in
    groups on processors. The momenta of Adam are those of the start of the paper's schedules, which
    are not here; its learning rate there is 2e-4, the default one for some thousand steps, and γ is
    for small images.
    """

    latent_dim = 64
    learning_rate = 5e-4
    loss = "relativistic"
    penalties = {"r1": 1.0, "r2": 1.0}
    beta_1 = 0.0
    beta_2 = 0.9
    ema = 0.999

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Leaky ReLU in both networks."""
        own = {"activation": "leaky_relu"}
        return {"generator": own, "discriminator": self.discriminator_defaults(own)}
