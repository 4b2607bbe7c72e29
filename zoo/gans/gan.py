"""The game that the others are variations of."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from zoo import losses
from zoo.errors import ModelError
from zoo.gans.base import Adversarial

GENERATOR_LOSSES = {
    "minimax": losses.minimax_generator,
    "non_saturating": losses.non_saturating_generator,
}


class GAN(Adversarial):
    """Generative adversarial network (Goodfellow et al., 2014, arXiv:1406.2661).

    Args:
        shape: Of one sample.
        latent_dim: Length of the latent.
        loss: The generator's: `non_saturating`, or `minimax` as the game is written.
        options: See `Adversarial`; the networks are fully connected by default.

    Raises:
        ModelError: The loss is unknown.
    """

    network: str | None = "mlp"

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int = 100,
        *,
        loss: str = "non_saturating",
        **options: Any,
    ) -> None:
        super().__init__(shape, latent_dim, **options)
        if loss not in GENERATOR_LOSSES:
            raise ModelError(f"loss is one of {', '.join(GENERATOR_LOSSES)}. Received: {loss!r}")
        self.game = GENERATOR_LOSSES[loss]

    def discriminator_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Real data are 1, generated ones 0."""
        fake = ops.stop_gradient(self.generate(batch, training))
        real_logits = self.judge(batch["data"], batch, training)
        fake_logits = self.judge(fake, batch, training)
        return {
            "loss": losses.standard_discriminator(real_logits, fake_logits),
            "real": ops.mean(ops.sigmoid(real_logits)),
            "fake": ops.mean(ops.sigmoid(fake_logits)),
        }

    def generator_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Generated data should pass for real."""
        fake = self.generate(batch, training)
        return {"loss": self.game(self.judge(fake, batch, training))}
