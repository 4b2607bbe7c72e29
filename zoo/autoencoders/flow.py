"""The base of VAEs whose posterior is a normal one, moved by invertible maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from zoo import losses
from zoo.autoencoders.variational import Variational
from zoo.networks import apply
from zoo.phase import Batch, Logs


class FlowVAE(Variational):
    """VAE with a normalizing flow in its posterior: log q falls by log |det| of what moves a draw.

    A subclass says what the encoder gives the maps (`heads`), and moves latents (`flow`). A code is
    the moved mean.
    """

    code = "code"

    @property
    def heads(self) -> Mapping[str, int]:
        """What the encoder gives the maps: name → length."""
        raise NotImplementedError(f"{type(self).__name__} defines heads.")

    def flow(self, latent: Any, maps: Logs) -> tuple[Any, Any]:
        """Latents through the maps, and the sum of log |det| of each row."""
        raise NotImplementedError(f"{type(self).__name__} defines flow().")

    def make_encoder(self) -> keras.Model:
        """`data` → `code`, `mean` and `log_variance`."""
        normal: dict[str, Any] = {"mean": self.latent_dim, "log_variance": self.latent_dim}
        self.posterior = self.encoder_of(**normal | dict(self.heads))
        found = self.posterior.output
        code, _ = self.flow(found["mean"], found)
        outputs = {"code": code, **{name: found[name] for name in normal}}
        return keras.Model(self.posterior.input, outputs, name="encoder")

    def infer(self, batch: Batch, training: bool) -> Logs:
        """The normal posterior of each row, a draw of it, and where the maps move this."""
        found = apply(self.posterior, batch, training)
        start = losses.reparameterize(found["mean"], found["log_variance"], batch["epsilon"])
        latent, volume = self.flow(start, found)
        return {**found, "start": start, "latent": latent, "volume": volume}

    def draw(self, posterior: Logs, batch: Batch) -> Any:
        """The moved draw."""
        return posterior["latent"]

    def divergence(self, posterior: Logs, latent: Any, batch: Batch) -> Any:
        """Log q(latent | data) − log p(latent) of each row, at the latent that was drawn."""
        normal = losses.log_normal_rows(
            posterior["start"], posterior["mean"], posterior["log_variance"]
        )
        return normal - posterior["volume"] - losses.log_normal_rows(latent)
