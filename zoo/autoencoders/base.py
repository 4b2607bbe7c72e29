"""The base of deterministic autoencoders: one phase, reconstruction and penalties."""

from __future__ import annotations

import math
from typing import Any, Literal

import keras

from zoo import losses
from zoo.model import GenerativeModel, Rate
from zoo.networks import apply
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting


class Autoencoder(GenerativeModel):
    """An encoder and a decoder that learn to reproduce their data."""

    loss: Literal["binary_cross_entropy", "mean_squared_error"] | None = setting(
        "Mean over the features; by default the first for data in (0, 1), the second for all else.",
        default=None,
    )
    learning_rate: Rate = setting("Of Adam.", default=1e-3, above=0)
    encoder: keras.Model = setting("Data → code.", default=None)
    decoder: keras.Model = setting(
        "Code, as latent → data, without an output activation.", default=None
    )

    def assemble(self) -> None:
        self.require(
            self.criterion != "binary_cross_entropy" or self.value_range == (0.0, 1.0),
            "binary_cross_entropy needs data in (0, 1)",
            loss=self.loss,
            value_range=self.value_range,
        )
        self.encoder = self.make_encoder()
        code = self.encoder.output[self.code].shape[1:]
        self.decoder, self.decoder_logits = self.decoder_of(latent=code)
        optimizer = keras.optimizers.Adam(self.learning_rate)
        self.phases = [Phase(self.autoencoder_loss, [self.encoder, self.decoder], optimizer)]

    def make_encoder(self) -> keras.Model:
        """`data` → `code`."""
        raise NotImplementedError(f"{type(self).__name__} defines make_encoder().")

    @property
    def criterion(self) -> str:
        """The loss in use."""
        unit = self.value_range == (0.0, 1.0)
        return self.loss or ("binary_cross_entropy" if unit else "mean_squared_error")

    @property
    def output_activation(self) -> str:
        """Sigmoid for cross-entropy; linear for squared errors, which a sigmoid would saturate."""
        return "sigmoid" if self.criterion == "binary_cross_entropy" else "clip"

    def reconstruction(self, batch: Batch, training: bool) -> Any:
        """The distance between data and what the decoder makes of the batch's `latent`."""
        logits = apply(self.decoder_logits, batch, training)["data"]
        return getattr(losses, self.criterion)(batch["data"], logits)

    def penalty(self, batch: Batch, code: Any) -> Any:
        """The term beside the reconstruction; nothing here."""
        return 0.0

    @property
    def per_feature(self) -> float:
        """The factor from a weight of a loss summed over features to one of the loss in use.

        Cross-entropy is Σ, and the squared error ½Σ, where a source sums them.
        """
        factor = 2.0 if self.criterion == "mean_squared_error" else 1.0
        return factor / math.prod(self.shape)

    def autoencoder_loss(self, batch: Batch, training: bool) -> Logs:
        """Reconstruction and penalty."""
        code = apply(self.encoder, batch, training)[self.code]
        reconstruction = self.reconstruction(batch | {"latent": code}, training)
        penalty = self.penalty(batch, code)
        logs = {"loss": reconstruction + penalty, "reconstruction": reconstruction}
        return logs if isinstance(penalty, float) else logs | {"penalty": penalty}
