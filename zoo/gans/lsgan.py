"""Squared distances to labels, in place of cross-entropy."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

from zoo import losses
from zoo.gans.base import Adversarial
from zoo.losses.adversarial import Game
from zoo.settings import setting


class LSGAN(Adversarial):
    """Least squares GAN (Mao et al., 2016, arXiv:1611.04076).

    D minimises ½ E(D(data) − b)² + ½ E(D(G(latent)) − a)², G minimises ½ E(D(G(latent)) − c)². The
    labels are those of equation 9; a = −1, b = 1, c = 0, equation 8, make G minimise a Pearson χ²
    divergence. Convolutional networks are normalized by batches, as in the paper.
    """

    loss: Literal["least_squares"] = "least_squares"
    fake_label: float = setting("What D gives generated data, a in the paper.", default=0.0)
    real_label: float = setting("What D gives real data, b in the paper.", default=1.0)
    target_label: float = setting(
        "What G wants D to give generated data, c in the paper.", default=1.0
    )

    @property
    def game(self) -> Game:
        """Squared distances from a, b and c."""
        labels = {"real_label": self.real_label, "fake_label": self.fake_label}
        return replace(
            super().game,
            discriminator=partial(losses.least_squares_discriminator, **labels),
            generator=partial(losses.least_squares_generator, label=self.target_label),
            decision=(self.real_label + self.fake_label) / 2,
        )
