"""Squared distances to labels, in place of cross-entropy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

from zoo import losses
from zoo.gans.base import Adversarial
from zoo.phase import Batch, Logs
from zoo.settings import setting


class LSGAN(Adversarial):
    """Least squares GAN (Mao et al., 2016, arXiv:1611.04076).

    D minimises ½ E(D(data) − b)² + ½ E(D(G(latent)) − a)², G minimises ½ E(D(G(latent)) − c)². The
    labels are those of equation 9; a = −1, b = 1, c = 0, equation 8, make G minimise a Pearson χ²
    divergence. Convolutional networks are normalized by batches, as in the paper.
    """

    fake_label: float = setting("What D gives generated data, a in the paper.", default=0.0)
    real_label: float = setting("What D gives real data, b in the paper.", default=1.0)
    target_label: float = setting(
        "What G wants D to give generated data, c in the paper.", default=1.0
    )

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The discriminator's activation, and the normalization of convolutional networks."""
        shared = {"normalization": "batch"} if len(self.shape) > 1 else {}
        return {"generator": shared, "discriminator": shared | {"activation": "leaky_relu"}}

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """Squared distances of real data from b, and of generated data from a."""
        real, fake = self.logits(batch, training)
        return {
            "loss": losses.least_squares_discriminator(
                real, fake, real_label=self.real_label, fake_label=self.fake_label
            ),
            "real": ops.mean(real),
            "fake": ops.mean(fake),
        }

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """Squared distance of generated data from c."""
        fake = self.discriminate(self.generate(batch, training), batch, training)
        return {"loss": losses.least_squares_generator(fake, label=self.target_label)}
