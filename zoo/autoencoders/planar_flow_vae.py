"""A posterior that is bent out of a normal one."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.autoencoders.variational import Variational
from zoo.networks import apply
from zoo.phase import Batch, Logs
from zoo.settings import setting


class PlanarFlowVAE(Variational):
    """VAE with planar flows (Rezende & Mohamed, 2015, arXiv:1505.05770).

    A latent is a draw from N(mean, variance), moved by K maps z + u·tanh(w·z + b). The encoder
    gives u, w and b for each sample; u is bent so that the map has an inverse (appendix A.1). Each
    map lowers log q by log |det ∂map/∂z| = log |1 + u·w·(1 − tanh²)|. A code is the moved mean. The
    paper's annealing of the bound is not here.
    """

    code = "code"
    num_flows: int = setting("Maps, K in the paper.", default=10, at_least=1, tiny=2)

    def make_encoder(self) -> keras.Model:
        """`data` → `code`, `mean` and `log_variance`."""
        size = self.num_flows * self.latent_dim
        normal: dict[str, Any] = {"mean": self.latent_dim, "log_variance": self.latent_dim}
        self.posterior = self.encoder_of(**normal, u=size, w=size, b=self.num_flows)
        found = self.posterior.output
        code, _ = self.flow(found["mean"], found)
        outputs = {"code": code, **{name: found[name] for name in normal}}
        return keras.Model(self.posterior.input, outputs, name="encoder")

    def infer(self, batch: Batch, training: bool) -> Logs:
        """The normal posterior and the maps of each row."""
        return apply(self.posterior, batch, training)

    def flow(self, latent: Any, maps: Logs) -> tuple[Any, Any]:
        """Latents through the maps, and the sum of log |det| of each row."""
        shape = (-1, self.num_flows, self.latent_dim)
        u, w = (ops.reshape(maps[name], shape) for name in ("u", "w"))
        along = ops.sum(u * w, axis=-1, keepdims=True)
        # u·w is raised above −1: softplus − 1.
        u = u + (ops.softplus(along) - 1.0 - along) * w / (ops.sum(w * w, -1, keepdims=True) + 1e-7)
        volume = 0.0
        for step in range(self.num_flows):
            bend = ops.tanh(ops.sum(w[:, step] * latent, axis=-1) + maps["b"][:, step])
            slope = ops.sum(u[:, step] * w[:, step], axis=-1) * (1.0 - ops.square(bend))
            latent = latent + u[:, step] * bend[:, None]
            volume = volume + ops.log(ops.abs(1.0 + slope))
        return latent, volume

    def draw(self, posterior: Logs, batch: Batch) -> Any:
        """A draw from the normal posterior, moved."""
        return self.flow(self.start(posterior, batch), posterior)[0]

    def start(self, posterior: Logs, batch: Batch) -> Any:
        """A draw from the normal posterior."""
        return losses.draw_normal(posterior["mean"], posterior["log_variance"], batch["epsilon"])

    def divergence(self, posterior: Logs, latent: Any, batch: Batch) -> Any:
        """Log q(latent | data) − log p(latent) of each row, at the latent that was drawn."""
        start = self.start(posterior, batch)
        normal = losses.log_normal_rows(start, posterior["mean"], posterior["log_variance"])
        return normal - self.flow(start, posterior)[1] - losses.log_normal_rows(latent)
