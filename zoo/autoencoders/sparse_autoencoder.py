"""Sparse codes: by a penalty on how active each unit is, or by keeping the largest entries."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.autoencoders.fully_connected import FullyConnected
from zoo.phase import Batch
from zoo.settings import setting


class SparseAutoencoder(FullyConnected):
    """Sparse autoencoder (Ng, 2011, CS294A lecture notes).

    Minimises, per sample, ½‖data − reconstruction‖² + λ/2 Σw² + β Σ KL(ρ ‖ mean activation), all
    divided by ½ the number of features. Each unit's mean activation is that of the batch. The
    output is linear. The defaults are those of the notes' exercise on MNIST.
    """

    loss = "mean_squared_error"
    latent_dim: int = setting("Length of the code.", default=196, at_least=1, tiny=16)
    activation = "sigmoid"
    l2_penalty = 1.5e-3
    sparsity: float = setting(
        "The mean activation that each unit should have, ρ in the notes.",
        default=0.1,
        above=0,
        below=1,
    )
    sparsity_weight: float = setting("Of the divergence, β in the notes.", default=3.0, at_least=0)

    def assemble(self) -> None:
        self.require(
            self.activation == "sigmoid",
            "a mean activation is a share: the activation is sigmoid",
            activation=self.activation,
        )
        super().assemble()

    def penalty(self, batch: Batch, code: Any) -> Any:
        """Divergence and weight decay."""
        divergence = losses.sparsity(code, self.sparsity)
        decay = super().penalty(batch, code)
        return self.per_feature * (self.sparsity_weight * divergence + decay)


class KSparseAutoencoder(FullyConnected):
    """K-sparse autoencoder (Makhzani & Frey, 2013, arXiv:1312.5663).

    The code is linear, and only its `active` largest entries are kept, in training and in use. The
    decoder has weights of its own, where the paper's shares the encoder's.
    """

    loss = "mean_squared_error"
    latent_dim: int = setting("Length of the code.", default=1000, at_least=1, tiny=8)
    activation = "linear"
    active: int = setting(
        "How many entries of a code are kept, k in the paper.", default=25, at_least=1, tiny=2
    )

    def assemble(self) -> None:
        self.require(
            self.active <= self.latent_dim,
            "active is at most latent_dim",
            active=self.active,
            latent_dim=self.latent_dim,
        )
        super().assemble()

    def make_encoder(self) -> keras.Model:
        """`data` → `code`, of which all but the largest entries are 0."""
        dense = super().make_encoder()
        code = dense.output["code"]
        smallest = ops.top_k(code, self.active)[0][:, -1:]
        kept = ops.where(code >= smallest, code, 0.0)
        return keras.Model(dense.input, {"code": kept}, name="encoder")
