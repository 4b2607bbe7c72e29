"""Convolutions and max-pooling, with a map of features as the code."""

from collections.abc import Sequence
from typing import Any

from zoo.autoencoders.base import Autoencoder
from zoo.networks import conv_pool


class ConvAutoencoder(Autoencoder):
    """Convolutional autoencoder with max-pooling (Masci et al., 2011, ICANN).

    The code is a map: `(batch, height / 2^depth, width / 2^depth, width)`.

    Args:
        shape: Of one sample, `(height, width, channels)` or `(time, channels)`.
        width: Channels of every hidden layer.
        depth: How often the size is halved.
        loss: `binary_cross_entropy` or `mean_squared_error`, mean over features.
        learning_rate: Of Adam.
        options: See `GenerativeModel`.

    Raises:
        ModelError: The shape is that of vectors, or too small.
    """

    def __init__(
        self,
        shape: Sequence[int],
        *,
        width: int = 32,
        depth: int = 2,
        loss: str | None = None,
        learning_rate: float = 1e-3,
        **options: Any,
    ) -> None:
        super().__init__(shape, loss=loss, **options)
        encoder = conv_pool.encoder(self.shape, width=width, depth=depth)
        decoder = conv_pool.decoder(
            self.shape, width=width, depth=depth, output=self.output_activation
        )
        self.assemble(encoder, decoder, learning_rate)
