"""A discriminator and a generator held in equilibrium."""

from __future__ import annotations

from typing import Any

from keras import ops

from zoo import losses
from zoo.hybrids.energy import EnergyBased
from zoo.noise import Noise, uniform
from zoo.phase import Batch, Logs
from zoo.settings import setting


class BEGAN(EnergyBased):
    """Boundary equilibrium GAN (Berthelot et al., 2017, arXiv:1703.10717, section 3.4).

    With L(x), the mean absolute error of x through the autoencoder, the discriminator minimises
    L(data) − k·L(sample) and the generator L(sample); k moves so that the mean of L(sample) comes
    to be gamma times that of L(data), by which diversity is chosen. The log `convergence` is the
    paper's measure L(data) + |gamma·L(data) − L(sample)|. Latents are U(−1, 1) and the networks
    have no normalization, as in the paper. Its rate of 1e-4, its gamma of .5 and its rate of k of
    1e-3 are for hundreds of thousands of updates.

    Unlike the paper's, the generator also reduces EBGAN's pulling-away term (arXiv:1609.03126,
    section 2.4): without it (`pulling_away=0`) the generator finds MNIST's simplest strokes, which
    are rebuilt best, and stays there.
    """

    learning_rate = 1e-3
    pulling_away = 0.3
    gamma: float = setting(
        "Diversity: energy of samples as a share of that of data.", default=1.0, above=0, at_most=1
    )
    k_rate: float = setting("Of the change of k, λ in the paper.", default=0.05, above=0)
    network_defaults = {name: {"activation": "elu"} for name in ("generator", "encoder", "decoder")}

    def assemble(self) -> None:
        super().assemble()
        self.k = self.state("k")

    def latent_noise(self) -> Noise:
        """The latent's distribution: U(−1, 1)."""
        return uniform(self.latent_dim, low=-1.0, high=1.0)

    def energy(self, data: Any, batch: Batch, training: bool) -> Any:
        """The mean absolute error, a scalar."""
        return losses.mean_absolute_error(data, self.rebuilt(data, batch, training)[1])

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """L(data) − k·L(sample), and the next k."""
        samples = ops.stop_gradient(self.generate(batch, training))
        real, fake = (self.energy(x, batch, training) for x in (batch["data"], samples))
        k = ops.convert_to_tensor(self.k)
        following, measure = losses.equilibrium(
            ops.stop_gradient(real),
            ops.stop_gradient(fake),
            k,
            ratio=self.gamma,
            rate=self.k_rate,
        )
        return {
            "loss": real - k * fake,
            "real": real,
            "fake": fake,
            "k": k,
            "convergence": measure,
            "next": {"k": following},
        }

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """L(sample) and the pulling-away term."""
        samples = self.generate(batch, training)
        codes, made = self.rebuilt(samples, batch, training)
        term = losses.pulling_away(codes)
        return {
            "loss": losses.mean_absolute_error(samples, made) + self.pulling_away * term,
            "pulling_away": term,
            "diversity": losses.diversity(samples, batch["data"]),
        }
