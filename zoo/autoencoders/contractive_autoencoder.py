"""A code that changes little where the data change."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras import ops

from zoo import losses
from zoo.autoencoders.fully_connected import FullyConnected
from zoo.backends import input_gradient
from zoo.networks import apply
from zoo.noise import bernoulli
from zoo.phase import Batch
from zoo.settings import setting

SLOPES: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda code: code * (1.0 - code),
    "tanh": lambda code: 1.0 - ops.square(code),
    "linear": ops.ones_like,
}
"""The derivatives of activations, by what these give."""


class ContractiveAutoencoder(FullyConnected):
    """Contractive autoencoder (Rifai et al., 2011, ICML).

    Minimises, per sample, L(data, reconstruction) + λ‖∂code/∂data‖²_F, divided by the number of
    features. Of one layer the norm is known in closed form; of several, ‖∂(v·code)/∂data‖² for
    random signs v has the same mean (Hutchinson, 1990). As in the paper's experiments the units are
    sigmoids; the decoder has weights of its own, where the paper's shares the encoder's.
    """

    widths: tuple[int, ...] = setting(
        "Units of hidden layers between data and code, from the data on.", default=(), at_least=1
    )
    hidden_activation: str = setting("Of the hidden layers but the code.", default="sigmoid")
    latent_dim: int = setting("Length of the code.", default=1000, at_least=1, tiny=8)
    activation = "sigmoid"
    contraction: float = setting("Weight of the norm, λ in the paper.", default=0.1, at_least=0)

    def assemble(self) -> None:
        super().assemble()
        if not self.closed:
            self.noise = {"signs": bernoulli(0.5, self.latent_dim)}

    @property
    def closed(self) -> bool:
        """Whether the norm is known in closed form."""
        own = self.settings["encoder"] is not None
        return not self.widths and not own and self.activation in SLOPES

    def penalty(self, batch: Batch, code: Any) -> Any:
        """The norm's mean over the batch, and the norms of the weight matrices."""
        rows = self.contraction_rows(batch, code)
        norms = self.contraction * ops.mean(rows) + super().penalty(batch, code)
        return self.per_feature * norms

    def contraction_rows(self, batch: Batch, code: Any) -> Any:
        """‖∂code/∂data‖²_F of each row, or an unbiased estimate: `(batch,)`."""
        if self.closed:
            kernel = self.matrices[0][: math.prod(self.shape)]  # Rows beyond these read labels.
            return losses.jacobian_norm_rows(SLOPES[self.activation](code), kernel)
        signs = 2.0 * batch["signs"] - 1.0

        def projected(data: Any) -> Any:
            return apply(self.encoder, batch | {"data": data})["code"] * signs

        gradient = input_gradient(projected, batch["data"])
        return ops.sum(ops.square(ops.reshape(gradient, (ops.shape(gradient)[0], -1))), axis=-1)
