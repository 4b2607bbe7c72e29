"""The variational autoencoder."""

from __future__ import annotations

from typing import Any

from keras import ops

from zoo.autoencoders.variational import Variational
from zoo.phase import Batch
from zoo.settings import setting


class VAE(Variational):
    """Variational autoencoder (Kingma & Welling, 2013, arXiv:1312.6114).

    Minimises −log p(data | latent) + beta·KL(q(latent | data) ‖ N(0, I)), in nats, with one
    latent drawn as mean + stddev·epsilon. With beta above 1 it is the β-VAE of Higgins et al.,
    2017, ICLR. With `num_classes` both networks read labels, as in Sohn et al., 2015.
    """

    beta: float = setting("Weight of the KL divergence.", default=1.0, at_least=0)
    warm_up: int = setting(
        "Steps over which the divergence gains its weight, as in Bowman et al., 2015.",
        default=0,
        at_least=0,
    )

    def weight(self, batch: Batch) -> Any:
        """`beta`, reached linearly at step `warm_up`."""
        if not self.warm_up:
            return self.beta
        return self.beta * ops.minimum(batch["step"] / self.warm_up, 1.0)
