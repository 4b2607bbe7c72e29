"""A posterior moved by maps in which each latent depends on those before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import initializers, layers, ops

from zoo.autoencoders.flow import FlowVAE
from zoo.layers import MaskedDense
from zoo.phase import Logs
from zoo.precision import precise, precise_dtype
from zoo.settings import setting

OPEN = 2.0
"""The bias of the gates at first: they keep most of the latent, as the paper advises."""


class IAFVAE(FlowVAE):
    """VAE with inverse autoregressive flows (Kingma et al., 2016, arXiv:1606.04934, algorithm 1).

    A latent is a draw from N(mean, variance), moved by maps gate·z + (1 − gate)·shift. A network of
    masked layers (Germain et al., 2015, arXiv:1502.03509) makes the gate, in (0, 1), and the shift
    of each entry out of a vector of the encoder and the entries of z before it: the Jacobian is
    triangular, and log |det| = Σ log gate. From one map to the next the order is reversed. A code
    is the moved mean. The paper's ladder of levels is not here.
    """

    num_flows: int = setting("Maps, T in the paper.", default=4, at_least=1, tiny=2)
    flow_width: int = setting(
        "Units of the hidden layer of each map's network.", default=256, at_least=1, tiny=4
    )
    context_dim: int = setting(
        "Length of the vector that the encoder gives the maps.", default=64, at_least=1, tiny=4
    )

    @property
    def heads(self) -> Mapping[str, int]:
        """The vector that all maps read."""
        return {"context": self.context_dim}

    def make_encoder(self) -> keras.Model:
        """`data` → `code`, `mean` and `log_variance`."""
        self.maps = [self.make_map(f"map_{number + 1}") for number in range(self.num_flows)]
        return super().make_encoder()

    def make_map(self, name: str) -> keras.Model:
        """`latent` and `context` → `shift` and the logits of `gate`, autoregressive in `latent`."""
        latent = keras.Input((self.latent_dim,), name="latent")
        context = keras.Input((self.context_dim,), name="context")
        order = list(range(1, self.latent_dim + 1))
        # Units of the last entry's degree would be read by none.
        degrees = [1 + unit % max(self.latent_dim - 1, 1) for unit in range(self.flow_width)]
        read = layers.Dense(self.flow_width, use_bias=False)(context)
        hidden = layers.Activation("elu")(MaskedDense(degrees, order)(latent) + read)
        options: dict[str, Any] = {"strict": True, "dtype": precise_dtype()}
        start = initializers.Constant(OPEN)
        outputs = {
            "shift": MaskedDense(order, degrees, name="shift", **options)(hidden),
            "gate": MaskedDense(order, degrees, name="gate", bias_initializer=start, **options)(
                hidden
            ),
        }
        return keras.Model({"latent": latent, "context": context}, outputs, name=name)

    def flow(self, latent: Any, maps: Logs) -> tuple[Any, Any]:
        """Latents through the maps, and the sum of log |det| of each row."""
        volume: Any = 0.0
        for number, network in enumerate(self.maps):
            latent = ops.flip(latent, axis=-1) if number else latent
            made = network({"latent": latent, "context": maps["context"]})
            gate = ops.sigmoid(made["gate"])
            latent = gate * latent + (1.0 - gate) * made["shift"]
            volume = volume + ops.sum(ops.log_sigmoid(precise(made["gate"])), axis=-1)
        return latent, volume
