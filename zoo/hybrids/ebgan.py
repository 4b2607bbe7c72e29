"""Energies of samples up to a margin, and samples of different codes."""

from __future__ import annotations

from typing import Any

from keras import ops

from zoo import losses
from zoo.hybrids.energy import EnergyBased
from zoo.phase import Batch, Logs
from zoo.precision import precise
from zoo.settings import setting


class EBGAN(EnergyBased):
    """Energy-based GAN (Zhao et al., 2016, arXiv:1609.03126).

    With the energy D(x), the mean squared error of x through the autoencoder, the discriminator
    minimises D(data) + max(0, margin − D(sample)) (equation 1) and the generator D(sample) +
    w·PT (equation 2), with the pulling-away term PT, the mean squared cosine of the codes of
    different samples. The margin is in units of the mean squared error here, of data in (−1, 1); it
    has to be less than their variance (0.4 of MNIST's), or the autoencoder raises the samples'
    energy by rebuilding nothing. The rate is one with which digits take shape within an epoch.
    """

    learning_rate = 1e-3
    margin: float = setting(
        "The energy that samples are raised to, at most.", default=0.1, above=0, tiny=0.1
    )

    def energy(self, data: Any, batch: Batch, training: bool) -> tuple[Any, Any]:
        """The mean squared error of each row `(batch,)`, and the codes."""
        code, made = self.rebuilt(data, batch, training)
        axes = tuple(range(1, len(self.shape) + 1))
        return ops.mean(ops.square(precise(data) - precise(made)), axis=axes), code

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """D(data) + max(0, margin − D(sample))."""
        samples = ops.stop_gradient(self.generate(batch, training))
        real, _ = self.energy(batch["data"], batch, training)
        fake, _ = self.energy(samples, batch, training)
        loss = ops.mean(real) + ops.mean(ops.relu(self.margin - fake))
        return {"loss": loss, "real": ops.mean(real), "fake": ops.mean(fake)}

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """D(sample) and the pulling-away term."""
        samples = self.generate(batch, training)
        energy, codes = self.energy(samples, batch, training)
        term = losses.pulling_away(codes)
        return {
            "loss": ops.mean(energy) + self.pulling_away * term,
            "pulling_away": term,
            "diversity": losses.diversity(samples, batch["data"]),
        }
