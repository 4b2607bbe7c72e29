"""Convolutions and max-pooling, with a map of features as the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from zoo.autoencoders.base import Autoencoder
from zoo.settings import setting


class ConvAutoencoder(Autoencoder):
    """Convolutional autoencoder with max-pooling (Masci et al., 2011, ICANN).

    The code is a map: `(batch, height / 2^depth, width / 2^depth, width)`.
    """

    accepts = ("sequence", "image")
    width: int = setting("Channels of every hidden layer.", default=32, at_least=1, tiny=4)
    depth: int = setting("How often the size is halved.", default=2, at_least=0)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The family, and its size."""
        options = {"network": "conv_pool", "width": self.width, "depth": self.depth}
        return {"encoder": options, "decoder": options}

    def make_encoder(self) -> keras.Model:
        """`data` → the map `code`."""
        return self.encoder_of(code=None)
