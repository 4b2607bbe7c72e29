"""A VAE whose reconstruction is judged in the features of a discriminator."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.model import GenerativeModel, NetworkSettings, Rate
from zoo.networks import apply
from zoo.noise import normal
from zoo.phase import Batch, Logs, Phase
from zoo.precision import precise
from zoo.settings import setting


class VAEGAN(NetworkSettings, GenerativeModel):
    """VAE/GAN (Larsen et al., 2015, arXiv:1512.09300, algorithm 1).

    Three phases: the encoder minimises KL divergence and feature distance; the decoder, which is
    the generator, `gamma` times the feature distance and the adversarial loss; the discriminator
    tells data from reconstructions and from samples. The networks are the families', not the
    authors': their features are those before the normalization of the third convolution, here
    they are the trunk's output; and their discriminator sees data and fakes as one batch.
    """

    value_range = (-1.0, 1.0)
    latent_dim: int = setting("Length of the latent.", default=128, at_least=1, tiny=4)
    gamma: float = setting(
        "Weight of the feature distance in the decoder's loss, γ in the paper.",
        default=1e-2,
        at_least=0,
    )
    beta: float = setting(
        "Weight of the KL divergence in the encoder's loss.", default=1.0, at_least=0
    )
    learning_rate: Rate = setting("Of the three optimizers, RMSprop.", default=3e-4, above=0)
    encoder: keras.Model = setting("Data → mean and log_variance.", default=None)
    decoder: keras.Model = setting("Latent → data, without an output activation.", default=None)
    discriminator: keras.Model = setting("Data → logit and features.", default=None)

    code = "mean"
    network_defaults = {
        name: {"normalization": "batch"} for name in ("encoder", "decoder", "discriminator")
    }

    def assemble(self) -> None:
        self.encoder = self.encoder_of(mean=self.latent_dim, log_variance=self.latent_dim)
        self.decoder, _ = self.decoder_of(latent=self.latent_dim)
        self.discriminator_features = self.encoder_of("discriminator", logit=1, features=True)
        both = self.discriminator_features
        outputs = {"logit": both.output["logit"]}
        self.discriminator = keras.Model(both.input, outputs, name="discriminator")
        self.noise = {"epsilon": normal(self.latent_dim), "latent": normal(self.latent_dim)}
        self.prior = {"latent": normal(self.latent_dim)}
        self.phases = [
            Phase(loss, [network], keras.optimizers.RMSprop(self.learning_rate))
            for loss, network in (
                (self.encoder_loss, self.encoder),
                (self.decoder_loss, self.decoder),
                (self.discriminator_loss, self.discriminator_features),
            )
        ]

    def encoder_loss(self, batch: Batch, training: bool) -> Logs:
        """KL divergence and feature distance."""
        posterior = apply(self.encoder, batch, training)
        latent = losses.reparameterize(**posterior, epsilon=batch["epsilon"])
        kl = ops.mean(losses.standard_normal_kl_rows(**posterior))
        distance = self.feature_distance(
            batch, self.decode_latent(batch, latent, training), training
        )
        return {"loss": self.beta * kl + distance, "kl": kl, "reconstruction": distance}

    def decoder_loss(self, batch: Batch, training: bool) -> Logs:
        """Feature distance, and reconstructions and samples that pass for data."""
        rebuilt, sampled = self.rebuilt_and_sampled(batch, training)
        distance = self.feature_distance(batch, rebuilt, training)
        adversarial = sum(
            losses.non_saturating_generator(self.discriminate(made, batch, training)["logit"])
            for made in (rebuilt, sampled)
        )
        return {"loss": self.gamma * distance + adversarial, "adversarial": adversarial}

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """Data are 1, reconstructions and samples 0."""
        fakes = (ops.stop_gradient(x) for x in self.rebuilt_and_sampled(batch, training))
        real, *made = (
            self.discriminate(data, batch, training)["logit"] for data in (batch["data"], *fakes)
        )
        return {"loss": losses.standard_discriminator(real, ops.concatenate(made))}

    def discriminate(self, data: Any, batch: Batch, training: bool) -> Logs:
        """The discriminator's `logit` and `features` of data."""
        return apply(self.discriminator_features, batch | {"data": data}, training)

    def decode_latent(self, batch: Batch, latent: Any, training: bool) -> Any:
        """The decoder's output for a latent."""
        return apply(self.decoder, batch | {"latent": latent}, training)["data"]

    def rebuilt_and_sampled(self, batch: Batch, training: bool) -> tuple[Any, Any]:
        """The decoder's outputs for the data's latent and for the prior's."""
        posterior = apply(self.encoder, batch, training)
        latent = ops.stop_gradient(losses.reparameterize(**posterior, epsilon=batch["epsilon"]))
        return (
            self.decode_latent(batch, latent, training),
            self.decode_latent(batch, batch["latent"], training),
        )

    def feature_distance(self, batch: Batch, rebuilt: Any, training: bool) -> Any:
        """−log N(features of data; features of the reconstruction, 1) without its constant."""
        target = precise(self.discriminate(batch["data"], batch, training)["features"])
        made = precise(self.discriminate(rebuilt, batch, training)["features"])
        return 0.5 * ops.mean(ops.sum(ops.square(target - made), axis=-1))
