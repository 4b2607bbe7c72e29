"""The game that the others are variations of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.gans.base import Adversarial


class GAN(Adversarial):
    """Generative adversarial network (Goodfellow et al., 2014, arXiv:1406.2661).

    The generator's loss is the paper's non-saturating one; `minimax` is the game as it is written.
    The networks are plain ReLU and leaky ReLU multilayer perceptrons; the paper's have maxout and
    dropout.
    """

    network: str | None = "mlp"

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The discriminator's activation."""
        return {"discriminator": self.discriminator_defaults({"activation": "leaky_relu"})}
