"""A divergence held at a capacity that grows."""

from __future__ import annotations

from typing import Any

from keras import ops

from zoo.autoencoders.variational import Variational
from zoo.phase import Batch
from zoo.settings import setting


class AnnealedVAE(Variational):
    """β-VAE with controlled capacity (Burgess et al., 2018, arXiv:1804.03599).

    Minimises −log p(data | latent) + γ·|KL(q(latent | data) ‖ N(0, I)) − C|, in nats: equation 8.
    C grows linearly from 0. The paper trains for hundreds of thousands of steps. In a short run γ
    leaves the reconstruction little say, and the latents may hold C nats of nothing; `gamma=30` and
    a `capacity_steps` of most of the run learn MNIST in 1,500 steps.
    """

    latent_dim = 10
    gamma: float = setting("Weight of the distance from C.", default=1000.0, at_least=0, tiny=10.0)
    capacity: float = setting("The last C, in nats.", default=25.0, at_least=0)
    capacity_steps: int = setting("Steps over which C grows.", default=100_000, at_least=1, tiny=50)

    def regularization(self, kl: Any, batch: Batch) -> Any:
        """γ·|KL − C|, with C of this step."""
        grown = ops.minimum(batch["step"] / self.capacity_steps, 1.0)
        return self.gamma * ops.abs(kl - self.capacity * grown)
