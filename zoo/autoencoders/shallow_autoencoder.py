"""One hidden layer."""

from __future__ import annotations

from typing import Any

import keras

from zoo import losses
from zoo.autoencoders.base import Autoencoder
from zoo.networks import activated
from zoo.phase import Batch
from zoo.settings import setting


class ShallowAutoencoder(Autoencoder):
    """Autoencoder of one hidden layer (Rumelhart, Hinton & Williams, 1986, Nature 323).

    With a linear activation and squared error the code spans the space of the principal
    components (Baldi & Hornik, 1989, Neural Networks 2).
    """

    latent_dim: int = setting("Length of the code.", default=20, at_least=1, tiny=4)
    activation: str = setting("Of the code.", default="relu")
    l1_penalty: float = setting(
        "Weight of Σ|w| over both weight matrices.", default=0.0, at_least=0
    )
    l2_penalty: float = setting("Weight of Σw² over both weight matrices.", default=0.0, at_least=0)

    network_defaults = {
        "encoder": {"network": "mlp", "depth": 0},
        "decoder": {"network": "mlp", "depth": 0},
    }

    def make_encoder(self) -> keras.Model:
        """`data` → `code`."""
        return activated(self.encoder_of(code=self.latent_dim), self.activation)

    def penalty(self, batch: Batch, code: Any) -> Any:
        """L1 and L2 norms of the two weight matrices."""
        matrices = [
            weight
            for network in (self.encoder, self.decoder)
            for weight in network.trainable_variables
            if len(weight.shape) == 2
        ]
        penalty = 0.0
        if self.l1_penalty:
            penalty += self.l1_penalty * losses.l1(matrices)
        if self.l2_penalty:
            penalty += self.l2_penalty * losses.l2(matrices)
        return penalty
