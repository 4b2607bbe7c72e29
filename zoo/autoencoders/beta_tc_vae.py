"""Latents that are independent of each other, by an estimate from the batch."""

from __future__ import annotations

from typing import Any

from zoo import losses
from zoo.autoencoders.variational import Variational
from zoo.phase import Batch, Logs
from zoo.settings import setting


class BetaTCVAE(Variational):
    """β-TCVAE (Chen et al., 2018, arXiv:1802.04942).

    Minimises −log p(data | latent) + α·I(data; latent) + β·TC + γ·Σ KL(q(latent_j) ‖ N(0, 1)), in
    nats: the divergence of the VAE in its three parts, estimated from the batch, of which the total
    correlation TC weighs more. A larger batch estimates it better.
    """

    latent_dim = 10
    beta: float = setting("Weight of the total correlation.", default=6.0, at_least=0)
    information_weight: float = setting(
        "Weight of the mutual information, α in the paper.", default=1.0, at_least=0
    )
    dimension_weight: float = setting(
        "Weight of the divergence of each latent by itself, γ in the paper.",
        default=1.0,
        at_least=0,
    )

    def regularization(self, kl: Any, batch: Batch) -> Any:
        """Nothing: the divergence is in the addition, in parts."""
        return 0.0

    def addition(self, posterior: Logs, latent: Any, batch: Batch) -> tuple[Any, Logs]:
        """The three parts of the divergence, weighted."""
        information, correlation, dimensions = losses.decomposed_kl(latent, **posterior)
        added = (
            self.information_weight * information
            + self.beta * correlation
            + self.dimension_weight * dimensions
        )
        logs = {"mutual_information": information, "total_correlation": correlation}
        return added, logs | {"dimension_kl": dimensions}
