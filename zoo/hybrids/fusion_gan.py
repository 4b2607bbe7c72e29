"""One trunk for the encoder and the discriminator, one network for decoder and generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.gans.base import Adversarial
from zoo.networks import apply
from zoo.phase import Batch, Logs
from zoo.precision import precise
from zoo.settings import setting


class FusionGAN(Adversarial):
    """An autoencoder and a GAN of the same two networks.

    The model is original to this package. E, the encoder, and D, the discriminator, are two heads
    on one trunk, `code` and `logit`; G is the decoder and the generator. With R = ‖x − G(E(x))‖²
    and C = ‖z − E(G(z))‖², means over the features,

    - the trunk minimises L_D + reconstruction·R + latent_distance·C,
    - G minimises L_G + reconstruction·R + latent_distance·C,

    with L_D and L_G the losses of the GAN, which are settings; gradients pass through the other
    network, which stays as it is. C brings the codes of data to where latents are drawn: samples
    and reconstructions are made from the same latents.

    With `shared=False` E and D are two networks, which is the control.
    """

    latent_dim = 64
    reconstruction: float = setting(
        "Weight of the squared error of reconstructions.", default=10.0, at_least=0
    )
    latent_distance: float = setting(
        "Weight of the squared error of the latents that samples are encoded to.",
        default=1.0,
        at_least=0,
    )
    shared: bool = setting("Whether encoder and discriminator have one trunk.", default=True)
    generator: keras.Model = setting("Latent → data, without an output activation.", default=None)
    discriminator: keras.Model = setting("Data → logit and code.", default=None)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Those of every GAN, and an encoder of the discriminator's kind."""
        shared = super().network_defaults["generator"]
        return {**super().network_defaults, "encoder": {**shared, "activation": "leaky_relu"}}

    def make_discriminator(self) -> None:
        """The trunk with its two heads, or two networks, and a part for each head."""
        if self.shared:
            self.heads = self.encoder_of("discriminator", logit=1, code=self.latent_dim)
        else:
            discriminator = self.encoder_of("discriminator", logit=1)
            encoder = self.encoder_of("encoder", code=self.latent_dim)
            outputs = {**discriminator(discriminator.input), **encoder(discriminator.input)}
            self.heads = keras.Model(discriminator.input, outputs, name="heads")
        read, made = self.heads.input, self.heads.output
        self.discriminator = keras.Model(read, {"logit": made["logit"]}, name="discriminator")
        self.encoder = keras.Model(read, {"code": made["code"]}, name="encoder")

    @property
    def discriminator_network(self) -> keras.Model:
        """The network that the discriminator's phase trains: the trunk with both heads."""
        return self.heads

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """The loss that tells data from samples, and both distances."""
        return self._with_distances(super().discriminator_loss(batch, training), batch, training)

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """The loss that makes samples pass for data, and both distances."""
        return self._with_distances(super().generator_loss(batch, training), batch, training)

    def _with_distances(self, logs: Logs, batch: Batch, training: bool) -> Logs:
        code = apply(self.heads, batch, training)["code"]
        rebuilt = self.generate(batch | {"latent": code}, training)
        made = self.generate(batch, training)
        found = apply(self.heads, batch | {"data": made}, training)["code"]
        reconstruction = losses.mean_squared_error(batch["data"], rebuilt)
        distance = ops.mean(ops.square(precise(found) - precise(batch["latent"])))
        added = self.reconstruction * reconstruction + self.latent_distance * distance
        return logs | {
            "loss": logs["loss"] + added,
            "reconstruction": reconstruction,
            "latent_distance": distance,
        }
