"""One hidden layer."""

from collections.abc import Sequence
from typing import Any

import keras

from zoo import losses, networks
from zoo.autoencoders.base import Autoencoder


class ShallowAutoencoder(Autoencoder):
    """Autoencoder of one hidden layer (Rumelhart, Hinton & Williams, 1986, Nature 323).

    With a linear activation and squared error the code spans the space of the principal
    components (Baldi & Hornik, 1989, Neural Networks 2).

    Args:
        shape: Of one sample.
        latent_dim: Length of the code.
        activation: Of the code.
        loss: `binary_cross_entropy` or `mean_squared_error`, mean over features.
        l1_penalty: Weight of Σ|w| over both weight matrices.
        l2_penalty: Weight of Σw² over both weight matrices.
        learning_rate: Of Adam.
        options: See `GenerativeModel`.
    """

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int = 20,
        *,
        activation: str = "relu",
        loss: str | None = None,
        l1_penalty: float = 0.0,
        l2_penalty: float = 0.0,
        learning_rate: float = 1e-3,
        **options: Any,
    ) -> None:
        super().__init__(shape, loss=loss, **options)
        self.l1_penalty = l1_penalty
        self.l2_penalty = l2_penalty
        data = keras.Input(self.shape, name="data")
        flat = keras.layers.Flatten()(data) if len(self.shape) > 1 else data
        hidden = keras.layers.Dense(latent_dim, activation=activation, dtype="float32", name="code")
        decoder = networks.mlp.decoder(
            latent_dim, self.shape, depth=0, output=self.output_activation
        )
        self.assemble(keras.Model(data, hidden(flat), name="encoder"), decoder, learning_rate)

    def penalty(self, batch: dict[str, Any], code: Any) -> Any:
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
