"""A GAN that learns to invert itself: the discriminator judges pairs of data and latents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from zoo import losses, networks
from zoo.gans.base import Adversarial, Side, with_terms
from zoo.networks import apply
from zoo.noise import Noise, uniform
from zoo.phase import Batch, Logs
from zoo.settings import setting


class BiGAN(Adversarial):
    """Bidirectional GAN (Donahue et al., 2016, arXiv:1605.09782, section 3).

    The discriminator reads a pair and tells (data, E(data)) from (G(latent), latent). Encoder and
    generator train together, against it: at the optimum one inverts the other. Latents are
    U(−1, 1), as in the paper's experiments on MNIST. Networks of vectors read the pair as one;
    others read the data first, and their features beside the latent then, as in ALI.
    """

    latent_dim = 50
    encoder: keras.Model = setting("Data → code.", default=None)
    discriminator: keras.Model = setting(
        "Data and latent → logit; of images data → seen, which a second network reads.",
        default=None,
    )
    pair_widths: tuple[int, ...] = setting(
        "Units of the layers that read features and latent, of images and sequences.",
        default=(256,),
        at_least=1,
        tiny=(8,),
    )

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Those of every GAN, and an encoder of the discriminator's kind."""
        shared = super().network_defaults["generator"]
        return {**super().network_defaults, "encoder": {**shared, "activation": "leaky_relu"}}

    def make_generator(self) -> None:
        """Generator and encoder."""
        super().make_generator()
        self.encoder = self.make_encoder()

    def make_encoder(self) -> keras.Model:
        """`data` → `code`."""
        return self.encoder_of(code=self.latent_dim)

    def make_discriminator(self) -> None:
        """One network of the pair, or one of the data and one of features and latent."""
        family, _ = self._network_choices("discriminator", "discriminator")
        whole = networks.family(family, self.shape).FLAT
        latent = (self.latent_dim,)
        if whole:
            reads = {"data": self.shape, "latent": latent}
            self.trunk = self.pair_judge = self.encoder_of("discriminator", reads, logit=1)
            self.discriminator = self.trunk
            return
        trunk = self.encoder_of("discriminator", seen=self.pair_widths[0])
        self.trunk = networks.activated(trunk, "leaky_relu")
        self.pair_judge = networks.encoder(
            "mlp",
            {"seen": (self.pair_widths[0],), "latent": latent},
            {"logit": 1},
            width=list(self.pair_widths),
            activation="leaky_relu",
            head_bias=not self.game.bias_cancels,
            name="pair_discriminator",
        )
        inputs = {**self.trunk.input, "latent": keras.Input(latent, name="latent")}
        read = {**self.trunk(self.trunk.input), "latent": inputs["latent"]}
        self.discriminator = keras.Model(inputs, self.pair_judge(read), name="discriminator")

    @property
    def generator_networks(self) -> list[keras.Model]:
        """Generator and encoder."""
        return [self.generator, self.encoder]

    def latent_noise(self) -> Noise:
        """The latent's distribution: U(−1, 1)."""
        return uniform(self.latent_dim, low=-1.0, high=1.0)

    def infer(self, batch: Batch, training: bool) -> Any:
        """The latent of each datum."""
        return apply(self.encoder, batch, training)["code"]

    def discriminate(self, data: Any, batch: Batch, training: bool, side: Side) -> Logs:
        """The logit of the pair of data and `inferred`, or of samples and `latent`."""
        seen = batch | {"data": self.view(data, batch, side)}
        if side == "real":
            seen["latent"] = batch["inferred"]
        if self.trunk is not self.pair_judge:
            seen |= apply(self.trunk, seen, training)
        return apply(self.pair_judge, seen, training)

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """The discriminator's side of the game, its penalties, and what a subclass adds."""
        return super().discriminator_loss(self._inferred(batch, training), training)

    def penalty_loss(self, batch: Batch, training: bool) -> Logs:
        """The penalties alone, on slopes by the data of each pair."""
        return super().penalty_loss(self._inferred(batch, training), training)

    def _inferred(self, batch: Batch, training: bool) -> Batch:
        """The batch with the latents of its data, which stay as they are."""
        return batch | {"inferred": ops.stop_gradient(self.infer(batch, training))}

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """Each side's pairs pass for the other's."""
        samples = self.generate(batch, training)
        fake = self.discriminate(samples, batch, training, "fake")["logit"]
        inferred = {"inferred": self.infer(batch, training)}
        real = self.discriminate(batch["data"], batch | inferred, training, "real")["logit"]
        if self.game.compares:
            loss = self.game.generator(real, fake)
        else:
            loss = self.game.generator(losses.top(fake, self.top_k))
            loss += self.game.generator(self.exchanged(real))
        diversity = losses.diversity(samples, batch["data"])
        return with_terms(loss, self.weight_terms()) | {"diversity": diversity}

    def exchanged(self, logits: Any) -> Any:
        """Logits as they are where data and samples change places; labels 0 and 1 do, too."""
        return 1 - logits if self.loss == "least_squares" else -logits
