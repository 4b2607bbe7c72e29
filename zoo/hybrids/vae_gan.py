"""A VAE whose reconstruction is judged in the features of a discriminator."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from zoo import losses, networks
from zoo.autoencoders.vae import draw_latent
from zoo.model import GenerativeModel
from zoo.noise import normal
from zoo.phase import Phase


class VAEGAN(GenerativeModel):
    """VAE/GAN (Larsen et al., 2015, arXiv:1512.09300, algorithm 1).

    Three phases: the encoder minimises divergence and feature distance; the decoder, which is the
    generator, `gamma` times the feature distance and the adversarial loss; the discriminator
    tells data from reconstructions and from samples.

    Args:
        shape: Of one sample.
        latent_dim: Length of the latent.
        network: A family of `zoo.networks`; by default `mlp` for vectors, `conv` for all else.
        gamma: Weight of the feature distance in the decoder's loss, γ in the paper.
        beta: Weight of the divergence in the encoder's loss.
        learning_rate: Of the three optimizers (RMSprop, as in the paper).
        network_options: Keywords of the family's functions, for the three networks.
        options: See `GenerativeModel`; `value_range` is (-1, 1) by default.
    """

    code = "mean"
    sampler = "decoder"

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int = 128,
        *,
        network: str | None = None,
        gamma: float = 1e-2,
        beta: float = 1.0,
        learning_rate: float = 3e-4,
        network_options: dict[str, Any] | None = None,
        value_range: Sequence[float] | None = (-1.0, 1.0),
        **options: Any,
    ) -> None:
        super().__init__(shape, value_range=value_range, **options)
        self.gamma = gamma
        self.beta = beta
        keywords = {"normalization": "batch"} | (network_options or {})
        heads = {"mean": latent_dim, "log_variance": latent_dim}
        self.encoder = networks.encoder(network, self.shape, heads, **keywords)
        self.decoder = networks.decoder(
            network, latent_dim, self.shape, output=self.output_activation, **keywords
        )
        self.critic = networks.encoder(
            network, self.shape, {"logit": 1}, features=True, name="critic", **keywords
        )
        logit = self.critic.output["logit"]
        self.discriminator = keras.Model(self.critic.input, logit, name="discriminator")
        self.noise = {"epsilon": normal(latent_dim), "latent": normal(latent_dim)}
        self.prior = {"latent": normal(latent_dim)}
        self.phases = [
            Phase(loss, [network], keras.optimizers.RMSprop(learning_rate))
            for loss, network in (
                (self.encoder_loss, self.encoder),
                (self.decoder_loss, self.decoder),
                (self.discriminator_loss, self.critic),
            )
        ]

    def encoder_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Divergence and feature distance."""
        posterior = self.encoder(batch["data"], training=training)
        rebuilt = self.decoder(draw_latent(posterior, batch["epsilon"]), training=training)
        divergence = losses.standard_normal_divergence(posterior["mean"], posterior["log_variance"])
        distance = self.feature_distance(batch["data"], rebuilt, training)
        return {
            "loss": self.beta * divergence + distance,
            "divergence": divergence,
            "reconstruction": distance,
        }

    def decoder_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Feature distance, and reconstructions and samples that pass for data."""
        rebuilt, sampled = self.rebuilt_and_sampled(batch, training)
        distance = self.feature_distance(batch["data"], rebuilt, training)
        adversarial = sum(
            losses.non_saturating_generator(self.critic(made, training=training)["logit"])
            for made in (rebuilt, sampled)
        )
        return {"loss": self.gamma * distance + adversarial, "adversarial": adversarial}

    def discriminator_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Data are 1, reconstructions and samples 0."""
        rebuilt, sampled = (ops.stop_gradient(x) for x in self.rebuilt_and_sampled(batch, training))
        real, *fakes = (
            self.critic(data, training=training)["logit"]
            for data in (batch["data"], rebuilt, sampled)
        )
        return {"loss": losses.standard_discriminator(real, ops.concatenate(fakes))}

    def rebuilt_and_sampled(self, batch: dict[str, Any], training: bool) -> tuple[Any, Any]:
        """The decoder's outputs for the data's latent and for the prior's."""
        posterior = self.encoder(batch["data"], training=training)
        latent = ops.stop_gradient(draw_latent(posterior, batch["epsilon"]))
        return (
            self.decoder(latent, training=training),
            self.decoder(batch["latent"], training=training),
        )

    def feature_distance(self, data: Any, rebuilt: Any, training: bool) -> Any:
        """−log N(features of data; features of the reconstruction, 1) without its constant."""
        target = self.critic(data, training=training)["features"]
        found = self.critic(rebuilt, training=training)["features"]
        squares = ops.square(ops.cast(target, "float32") - ops.cast(found, "float32"))
        return 0.5 * ops.mean(ops.sum(squares, axis=-1))
