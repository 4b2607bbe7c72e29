"""The game that the others are variations of."""

from __future__ import annotations

from typing import Literal

from keras import ops

from zoo import losses
from zoo.gans.base import Adversarial, with_terms
from zoo.phase import Batch, Logs
from zoo.settings import setting


class GAN(Adversarial):
    """Generative adversarial network (Goodfellow et al., 2014, arXiv:1406.2661).

    The networks are plain ReLU and leaky ReLU multilayer perceptrons; the paper's have maxout and
    dropout.
    """

    network: str | None = "mlp"
    loss: Literal["non_saturating", "minimax"] = setting(
        "The generator's: non-saturating, or minimax as the game is written.",
        default="non_saturating",
    )

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """Real data are 1, generated ones 0."""
        real, fake = self.logits(batch, training)
        return {
            "loss": losses.standard_discriminator(real, fake),
            "real": ops.mean(ops.sigmoid(real)),
            "fake": ops.mean(ops.sigmoid(fake)),
        }

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """Generated data should pass for real."""
        fake = self.judge(self.generate(batch, training), batch, training, "fake")
        loss = getattr(losses, f"{self.loss}_generator")(fake["logit"])
        return with_terms(loss, self.generator_terms(fake, batch))
