"""The Wasserstein distance, by a critic with small weights."""

from __future__ import annotations

from typing import Any

from keras import ops

from zoo.gans.base import Adversarial
from zoo.settings import setting


class WGAN(Adversarial):
    """Wasserstein GAN (Arjovsky et al., 2017, arXiv:1701.07875, algorithm 1).

    After each of its updates the critic's weights are clipped to [−c, c], which bounds its slope;
    RMSprop, five updates of the critic for each of the generator. Both learning rates are 5e-5 in
    the paper; the default ones are for some thousand steps. The authors' code trains the critic
    longer in the first 25 updates of the generator, and at every 500th; here it does not.
    """

    loss = "wasserstein"
    optimizer = "rmsprop"
    learning_rate = 5e-4
    discriminator_learning_rate = 1e-4
    discriminator_steps = 5
    clip: float = setting("Bound on each of the critic's weights, c.", default=0.01, above=0)

    def make_discriminator(self) -> None:
        """A critic whose optimizer keeps every weight within the bound."""
        super().make_discriminator()
        for weight in self.discriminator.trainable_variables:
            weight.constraint = self.clipped

    def clipped(self, weight: Any) -> Any:
        """A weight cut to [−c, c]."""
        return ops.clip(ops.convert_to_tensor(weight), -self.clip, self.clip)
