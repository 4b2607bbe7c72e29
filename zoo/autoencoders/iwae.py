"""A tighter bound, from several latents of each sample."""

from __future__ import annotations

from typing import Any

from keras import ops

from zoo import losses
from zoo.autoencoders.variational import Variational, repeated
from zoo.networks import apply
from zoo.noise import normal
from zoo.phase import Batch, Logs
from zoo.settings import setting


class IWAE(Variational):
    """Importance weighted autoencoder (Burda et al., 2015, arXiv:1509.00519).

    Minimises −log (1/K) Σ w_k in nats, with w_k = p(data, latent_k) / q(latent_k | data) and K
    latents of each sample: equation 8. With one it is the VAE's bound; with more it comes nearer
    to −log p(data). The decoder reads K times as many rows. The paper's K is 5 or 50.

    The logs `reconstruction` and `kl` are means over the latents; their sum is the VAE's bound.
    """

    num_draws: int = setting(
        "Latents of each sample, K in the paper.", default=5, at_least=1, tiny=3
    )

    def assemble(self) -> None:
        super().assemble()
        self.noise = {"epsilon": normal(self.num_draws, self.latent_dim)}

    def elbo_loss(self, batch: Batch, training: bool) -> Logs:
        """The bound of K weights."""
        rows = repeated(batch, self.num_draws, without=["epsilon"])
        rows["epsilon"] = ops.reshape(batch["epsilon"], (-1, self.latent_dim))
        posterior = repeated(apply(self.encoder, batch, training), self.num_draws)
        latent = self.draw(posterior, rows)
        reconstruction = self.reconstruction(rows | {"latent": latent}, training)
        kl = self.divergence(posterior, latent, rows)
        log_weights = ops.reshape(-reconstruction - kl, (-1, self.num_draws))
        return {
            "loss": -ops.mean(losses.log_mean_exp(log_weights)),
            "reconstruction": ops.mean(reconstruction),
            "kl": ops.mean(kl),
        }

    def divergence(self, posterior: Logs, latent: Any, batch: Batch) -> Any:
        """Log q(latent | data) − log p(latent) of each row."""
        return losses.log_normal_rows(latent, **posterior) - losses.log_normal_rows(latent)
