"""A bound whose divergence is, in part, that of all the latents together."""

from __future__ import annotations

from typing import Any, Literal

from zoo import losses
from zoo.autoencoders.variational import Variational
from zoo.noise import normal
from zoo.phase import Batch, Logs
from zoo.settings import setting


class InfoVAE(Variational):
    """InfoVAE with MMD (Zhao et al., 2017, arXiv:1706.02262).

    Minimises −log p(data | latent) + (1 − α)·KL(q(latent | data) ‖ N(0, I)) + (α + λ − 1)·MMD of
    the latents and N(0, I), in nats. At the default α of 1 it is the paper's MMD-VAE: no sample's
    latent is drawn to the prior, all of them together are. The paper's divergence of these is one
    of several; this is the one of its experiments. The estimate is unbiased.
    """

    alpha: float = setting(
        "Share of each sample's divergence that is left out, α in the paper.",
        default=1.0,
        at_most=1,
    )
    mmd_weight: float = setting("λ in the paper.", default=1000.0, at_least=0)
    kernel: Literal["gaussian", "inverse_multiquadratic"] = setting(
        "Of the discrepancy.", default="gaussian"
    )

    def assemble(self) -> None:
        super().assemble()
        self.require(
            self.alpha + self.mmd_weight >= 1,
            "alpha + mmd_weight is at least 1",
            alpha=self.alpha,
            mmd_weight=self.mmd_weight,
        )
        self.noise = {**self.noise, "latent": normal(self.latent_dim)}

    def weight(self, batch: Batch) -> Any:
        """1 − α."""
        return 1.0 - self.alpha

    def addition(self, posterior: Logs, latent: Any, batch: Batch) -> tuple[Any, Logs]:
        """The discrepancy between the batch's latents and as many draws from the prior."""
        mmd = losses.maximum_mean_discrepancy(latent, batch["latent"], self.similarity)
        return (self.alpha + self.mmd_weight - 1.0) * mmd, {"mmd": mmd}

    def similarity(self, squares: Any) -> Any:
        """The kernel: exp(−‖x − y‖²/d²) as in the authors' code, or C/(C + ‖x − y‖²), C = 2d."""
        if self.kernel == "gaussian":
            return losses.gaussian(0.5 * self.latent_dim**2)(squares)
        return losses.inverse_multiquadratic(2.0 * self.latent_dim)(squares)
