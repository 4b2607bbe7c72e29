"""The base of fully connected autoencoders: hidden layers by their widths, weight penalties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from zoo import losses
from zoo.autoencoders.base import Autoencoder
from zoo.networks import activated
from zoo.phase import Batch
from zoo.settings import setting


class FullyConnected(Autoencoder):
    """Fully connected layers from the data to the code, and their mirror image.

    Attributes:
        widths: Units of the hidden layers between data and code, from the data on.
        hidden_activation: Of these layers.
    """

    widths: tuple[int, ...] = ()
    hidden_activation: str = "relu"

    latent_dim: int = setting("Length of the code.", default=20, at_least=1, tiny=4)
    activation: str = setting("Of the code.", default="relu")
    l1_penalty: float = setting("Weight of Σ|w| over all weight matrices.", default=0.0, at_least=0)
    l2_penalty: float = setting("Weight of Σw² over all weight matrices.", default=0.0, at_least=0)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The family, and its layers."""
        options = {
            "network": "mlp",
            "width": list(self.widths),
            "activation": self.hidden_activation,
        }
        return {"encoder": options, "decoder": options}

    def make_encoder(self) -> keras.Model:
        """`data` → `code`."""
        return activated(self.encoder_of(code=self.latent_dim), self.activation)

    def penalty(self, batch: Batch, code: Any) -> Any:
        """L1 and L2 norms of the weight matrices."""
        penalty = 0.0
        if self.l1_penalty:
            penalty += self.l1_penalty * losses.l1(self.matrices)
        if self.l2_penalty:
            penalty += self.l2_penalty * losses.l2(self.matrices)
        return penalty

    @property
    def matrices(self) -> list[keras.Variable]:
        """The weight matrices of both networks, without the biases."""
        weights = [*self.encoder.trainable_variables, *self.decoder.trainable_variables]
        return [weight for weight in weights if len(weight.shape) == 2]
