"""Codes that, all together, are distributed as a prior."""

from __future__ import annotations

import math
from typing import Any

import keras

from zoo import losses
from zoo.autoencoders.base import Autoencoder
from zoo.model import NetworkSettings
from zoo.noise import normal
from zoo.phase import Batch
from zoo.settings import setting


class WAEMMD(NetworkSettings, Autoencoder):
    """Wasserstein autoencoder with MMD (Tolstikhin et al., 2017, arXiv:1711.01558, algorithm 2).

    Minimises ‖data − reconstruction‖² + λ·MMD(codes, N(0, I)), divided by the number of features.
    The encoder draws nothing. As in the paper the kernel is C / (C + ‖x − y‖²) with C twice the
    code's length, and the code has 8 numbers for MNIST; the networks are the family's. λ is 10 in
    the paper, and in the authors' code stands beside 0.05 times the squared error: 200 here. That
    code also sums kernels of seven scales. The estimate is unbiased and needs batches of more than
    a few rows.
    """

    loss = "mean_squared_error"
    latent_dim: int = setting("Length of the code.", default=8, at_least=1, tiny=4)
    mmd_weight: float = setting(
        "Weight of the discrepancy, λ in the paper.", default=200.0, at_least=0
    )

    def assemble(self) -> None:
        super().assemble()
        self.noise = self.prior = {"latent": normal(self.latent_dim)}

    def make_encoder(self) -> keras.Model:
        """`data` → `code`."""
        return self.encoder_of(code=self.latent_dim)

    def penalty(self, batch: Batch, code: Any) -> Any:
        """The discrepancy between the batch's codes and as many draws from the prior."""
        kernel = losses.inverse_multiquadratic(2.0 * self.latent_dim)
        discrepancy = losses.maximum_mean_discrepancy(code, batch["latent"], kernel)
        return self.mmd_weight / math.prod(self.shape) * discrepancy
