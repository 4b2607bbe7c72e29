"""Self-attention in both networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.gans.projection_gan import ProjectionGAN
from zoo.settings import setting

GROWING = {"width": 32, "growth": 16}
SUMMED = {"activation": "relu", "pooling": "sum", "final_blocks": 1, "widens_first": True}


class SAGAN(ProjectionGAN):
    """Self-attention GAN (Zhang et al., 2018, arXiv:1805.08318).

    The maps that are halved twice attend to themselves. Spectral normalization of both networks,
    one update of each, and a learning rate four times as large for the discriminator (two time
    scales); with `num_classes`, conditional batch normalization and the projection of the label.
    The paper's rates are 1e-4 and 4e-4, the default ones for some thousand steps. The networks are
    residual (`resnet`): those of the authors' code at 128×128×3, where the width next to the data
    is 64 (`network_options={"width": 64}`), not 32.
    """

    accepts = ("sequence", "image")
    network = "resnet"
    num_classes: int | None = setting("Number of classes.", default=None, at_least=1)
    learning_rate = 5e-4
    discriminator_learning_rate = 2e-3
    discriminator_steps = 1
    family_defaults = {"resnet": {"generator": GROWING, "discriminator": GROWING | SUMMED}}
    attention: int | None = setting(
        "How often the map is halved that attends to itself; None for no attention.",
        default=2,
        at_least=0,
    )

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Spectral kernels, attention, and the normalization of the generator."""
        attention = {"attention": self.attention} if self.attention is not None else {}
        normalization = "batch" if self.num_classes is None else "conditional"
        own = attention | {"spectral": True}
        return {
            "generator": own | {"normalization": normalization},
            "discriminator": self.discriminator_defaults(own | {"activation": "leaky_relu"}),
        }
