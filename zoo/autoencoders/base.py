"""What deterministic autoencoders share: one phase, reconstruction and penalties."""

from collections.abc import Sequence
from typing import Any

import keras

from zoo import losses, networks
from zoo.errors import ModelError
from zoo.model import GenerativeModel
from zoo.phase import Phase

RECONSTRUCTIONS = ("binary_cross_entropy", "mean_squared_error")


class Autoencoder(GenerativeModel):
    """An encoder and a decoder that learn to reproduce their data.

    Args:
        shape: Of one sample.
        loss: `binary_cross_entropy` or `mean_squared_error`, mean over features; by default
            the first for data in (0, 1), the second for all else.
        options: See `GenerativeModel`.

    Raises:
        ModelError: The loss is unknown, or cross-entropy is asked for data outside (0, 1).
    """

    code = "code"

    def __init__(self, shape: Sequence[int], *, loss: str | None = None, **options: Any) -> None:
        super().__init__(shape, **options)
        unit = self.value_range == (0.0, 1.0)
        self.criterion = loss or RECONSTRUCTIONS[0 if unit else 1]
        if self.criterion not in RECONSTRUCTIONS:
            raise ModelError(f"loss is one of {', '.join(RECONSTRUCTIONS)}. Received: {loss!r}")
        if self.criterion == "binary_cross_entropy" and not unit:
            raise ModelError(
                "binary_cross_entropy needs data in (0, 1). "
                f"Received: value_range={self.value_range}"
            )

    def assemble(self, encoder: keras.Model, decoder: keras.Model, learning_rate: float) -> None:
        """Takes the networks and makes the only phase."""
        self.encoder = encoder
        self.decoder = decoder
        self.decoder_logits = networks.logits(decoder)
        self.phases = [Phase(self.autoencoder_loss, [encoder, decoder], self.adam(learning_rate))]

    def reconstruction(self, data: Any, code: Any, training: bool) -> Any:
        """The distance between data and the decoder's output for a code."""
        logits = self.decoder_logits(code, training=training)
        if self.criterion == "binary_cross_entropy":
            return losses.binary_cross_entropy(data, logits)
        outputs = keras.activations.get(self.output_activation)(logits)
        return losses.mean_squared_error(data, outputs)

    def penalty(self, batch: dict[str, Any], code: Any) -> Any:
        """What is added to the reconstruction; nothing here."""
        return 0.0

    def autoencoder_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Reconstruction and penalty."""
        code = self.encoder(batch["data"], training=training)
        reconstruction = self.reconstruction(batch["data"], code, training)
        return {
            "loss": reconstruction + self.penalty(batch, code),
            "reconstruction": reconstruction,
        }
