"""The variational autoencoder."""

from collections.abc import Sequence
from typing import Any

from keras import activations, ops

from zoo import losses, networks
from zoo.errors import ModelError
from zoo.model import GenerativeModel
from zoo.noise import normal
from zoo.phase import Phase

LIKELIHOODS = ("bernoulli", "gaussian")


class VAE(GenerativeModel):
    """Variational autoencoder (Kingma & Welling, 2013, arXiv:1312.6114).

    Minimises −log p(data | latent) + beta·KL(q(latent | data) ‖ N(0, I)), in nats, with one
    latent drawn as mean + deviation·epsilon.

    Args:
        shape: Of one sample.
        latent_dim: Length of the latent.
        network: A family of `zoo.networks`; by default `mlp` for vectors, `conv` for all else.
        likelihood: `bernoulli` (data in (0, 1)) or `gaussian`; by default the first where the
            data are in (0, 1).
        deviation: Standard deviation of the Gaussian likelihood.
        beta: Weight of the divergence.
        learning_rate: Of Adam.
        network_options: Keywords of the family's functions, for encoder and decoder.
        options: See `GenerativeModel`.

    Raises:
        ModelError: The likelihood is unknown, or Bernoulli is asked for data outside (0, 1).
    """

    code = "mean"
    sampler = "decoder"

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int = 32,
        *,
        network: str | None = None,
        likelihood: str | None = None,
        deviation: float = 1.0,
        beta: float = 1.0,
        learning_rate: float = 1e-3,
        network_options: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(shape, **options)
        unit = self.value_range == (0.0, 1.0)
        self.likelihood = likelihood or LIKELIHOODS[0 if unit else 1]
        if self.likelihood not in LIKELIHOODS:
            raise ModelError(f"likelihood is one of {LIKELIHOODS}. Received: {likelihood!r}")
        if self.likelihood == "bernoulli" and not unit:
            raise ModelError(
                "A Bernoulli likelihood needs data in (0, 1). "
                f"Received: value_range={self.value_range}"
            )
        if not deviation > 0 or not beta >= 0:
            raise ModelError(
                "deviation is positive and beta is not negative. "
                f"Received: deviation={deviation}, beta={beta}"
            )
        self.deviation = deviation
        self.beta = beta
        keywords = network_options or {}
        heads = {"mean": latent_dim, "log_variance": latent_dim}
        self.encoder = networks.encoder(network, self.shape, heads, **keywords)
        self.decoder = networks.decoder(
            network, latent_dim, self.shape, output=self.output_activation, **keywords
        )
        self.decoder_logits = networks.logits(self.decoder)
        self.noise = {"epsilon": normal(latent_dim)}
        self.prior = {"latent": normal(latent_dim)}
        self.phases = [
            Phase(self.elbo_loss, [self.encoder, self.decoder], self.adam(learning_rate))
        ]

    def elbo_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """The negative evidence lower bound."""
        posterior = self.encoder(batch["data"], training=training)
        latent = draw_latent(posterior, batch["epsilon"])
        reconstruction = self.reconstruction(batch["data"], latent, training)
        divergence = losses.standard_normal_divergence(posterior["mean"], posterior["log_variance"])
        return {
            "loss": reconstruction + self.beta * divergence,
            "reconstruction": reconstruction,
            "divergence": divergence,
        }

    def reconstruction(self, data: Any, latent: Any, training: bool) -> Any:
        """−log p(data | latent), mean over the batch."""
        logits = self.decoder_logits(latent, training=training)
        if self.likelihood == "bernoulli":
            return losses.bernoulli(data, logits)
        mean = activations.get(self.output_activation)(logits)
        return losses.gaussian(data, mean, self.deviation)


def draw_latent(posterior: dict[str, Any], epsilon: Any) -> Any:
    """Mean + exp(½ log variance)·epsilon: a sample that gradients pass through."""
    return posterior["mean"] + ops.exp(0.5 * posterior["log_variance"]) * epsilon
