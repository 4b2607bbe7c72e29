"""A posterior that is bent out of a normal one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

from zoo.autoencoders.flow import FlowVAE
from zoo.phase import Logs
from zoo.settings import setting


class PlanarFlowVAE(FlowVAE):
    """VAE with planar flows (Rezende & Mohamed, 2015, arXiv:1505.05770).

    A latent is a draw from N(mean, variance), moved by K maps z + u·tanh(w·z + b). The encoder
    gives u, w and b for each sample; u is bent so that the map has an inverse (appendix A.1). Each
    map lowers log q by log |det ∂map/∂z| = log |1 + u·w·(1 − tanh²)|. A code is the moved mean. The
    paper's annealing of the bound is not here.
    """

    num_flows: int = setting("Maps, K in the paper.", default=10, at_least=1, tiny=2)

    @property
    def heads(self) -> Mapping[str, int]:
        """The maps' u, w and b."""
        size = self.num_flows * self.latent_dim
        return {"u": size, "w": size, "b": self.num_flows}

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
