"""The base of variational autoencoders: a posterior, a latent drawn from it, a bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

from zoo import losses
from zoo.model import GenerativeModel, NetworkSettings, Rate
from zoo.networks import apply
from zoo.noise import normal
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting


class VariationalBound(GenerativeModel):
    """Minimises −log p(data | latent) + weight · KL(q(latent | data) ‖ p(latent)), in nats.

    A subclass makes the networks and states the likelihood, `reconstruction`; or it changes the
    term that makes it: `draw`, `divergence`, `weight`, `regularization`, `addition` or `elbo_loss`.
    The terms of the bound have a row for each sample.
    """

    latent_dim: int = setting("Length of the latent.", default=32, at_least=1, tiny=4)
    learning_rate: Rate = setting("Of Adam.", default=1e-3, above=0)
    encoder: keras.Model
    decoder: keras.Model

    code = "mean"

    @property
    def code_dim(self) -> int:
        """The length of a code, of the prior's draws and of the noise of a posterior's."""
        return self.latent_dim

    def elbo_loss(self, batch: Batch, training: bool) -> Logs:
        """The negative evidence lower bound, its KL divergence weighted."""
        posterior = self.infer(batch, training)
        latent = self.draw(posterior, batch)
        reconstruction = ops.mean(self.reconstruction(batch | {"latent": latent}, training))
        kl = ops.mean(self.divergence(posterior, latent, batch))
        added, logs = self.addition(posterior, latent, batch)
        return {
            "loss": reconstruction + self.regularization(kl, batch) + added,
            "reconstruction": reconstruction,
            "kl": kl,
            **logs,
        }

    def infer(self, batch: Batch, training: bool) -> Logs:
        """The parameters of the posterior of each row."""
        return apply(self.encoder, batch, training)

    def draw(self, posterior: Logs, batch: Batch) -> Any:
        """A latent of each row that gradients pass through: mean + exp(½ log variance)·epsilon."""
        return losses.reparameterize(**posterior, epsilon=batch["epsilon"])

    def reconstruction(self, batch: Batch, training: bool) -> Any:
        """−log p(data | latent) of each row."""
        raise NotImplementedError(f"{type(self).__name__} defines reconstruction().")

    def divergence(self, posterior: Logs, latent: Any, batch: Batch) -> Any:
        """KL(q ‖ p) of each row, in closed form or as log q(latent) − log p(latent)."""
        return losses.standard_normal_kl_rows(**posterior)

    def regularization(self, kl: Any, batch: Batch) -> Any:
        """The term beside the reconstruction, given the mean divergence."""
        return self.weight(batch) * kl

    def addition(self, posterior: Logs, latent: Any, batch: Batch) -> tuple[Any, Logs]:
        """A further term of the loss, and its logs; nothing here."""
        return 0.0, {}

    def weight(self, batch: Batch) -> Any:
        """The weight of the divergence in the loss, which may depend on `batch["step"]`."""
        return 1.0


class Variational(NetworkSettings, VariationalBound):
    """Data that are Bernoulli or Gaussian given a latent; networks of a family."""

    likelihood: Literal["bernoulli", "gaussian"] | None = setting(
        "Of data given a latent; by default bernoulli where the data are in (0, 1).", default=None
    )
    stddev: float = setting("Standard deviation of the Gaussian likelihood.", default=1.0, above=0)
    encoder: keras.Model = setting("Data → mean and log_variance.", default=None)
    decoder: keras.Model = setting("Latent → data, without an output activation.", default=None)

    def assemble(self) -> None:
        self.require(
            self.density != "bernoulli" or self.value_range == (0.0, 1.0),
            "a Bernoulli likelihood needs data in (0, 1)",
            likelihood=self.likelihood,
            value_range=self.value_range,
        )
        self.encoder = self.make_encoder()
        self.decoder, self.decoder_logits = self.make_decoder()
        self.noise = {"epsilon": normal(self.code_dim)}
        self.prior = {"latent": normal(self.code_dim)}
        optimizer = keras.optimizers.Adam(self.learning_rate)
        self.phases = [Phase(self.elbo_loss, [self.encoder, self.decoder], optimizer)]

    def make_encoder(self) -> keras.Model:
        """`data` → `mean` and `log_variance`."""
        return self.encoder_of(mean=self.latent_dim, log_variance=self.latent_dim)

    def make_decoder(self) -> tuple[keras.Model, keras.Model]:
        """`latent` → `data`, and the logits that the losses read."""
        return self.decoder_of(latent=self.latent_dim)

    @property
    def density(self) -> str:
        """The likelihood in use."""
        return self.likelihood or ("bernoulli" if self.value_range == (0.0, 1.0) else "gaussian")

    @property
    def output_activation(self) -> str:
        """Sigmoid for Bernoulli; a Gaussian's mean is linear, and cut to the range in use."""
        return "sigmoid" if self.density == "bernoulli" else "clip"

    def reconstruction(self, batch: Batch, training: bool) -> Any:
        """−log p(data | latent) of each row."""
        logits = apply(self.decoder_logits, batch, training)["data"]
        if self.density == "bernoulli":
            return losses.bernoulli_rows(batch["data"], logits)
        return losses.gaussian_rows(batch["data"], logits, self.stddev)


def repeated(batch: Batch, count: int, *, without: Sequence[str] = ()) -> Batch:
    """Every row of a batch `count` times, one after the other.

    Args:
        batch: Fields and noise, and the step, which is left out.
        count: How often.
        without: Other names that are left out.
    """
    kept = {name: value for name, value in batch.items() if name not in ("step", *without)}
    return {name: ops.repeat(value, count, axis=0) for name, value in kept.items()}
