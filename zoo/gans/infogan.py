"""Codes in the latent that can be read off the samples."""

from __future__ import annotations

import math

import keras
from keras import layers, ops

from zoo import losses
from zoo.gans.base import Adversarial, Terms
from zoo.networks import rewired
from zoo.noise import categorical, uniform
from zoo.phase import Batch, Logs
from zoo.precision import precise_dtype
from zoo.settings import setting
from zoo.uses import Step, Use


class InfoGAN(Adversarial):
    """Information maximising GAN (Chen et al., 2016, arXiv:1606.03657).

    Beside its latent the generator reads a category and continuous factors, U(−1, 1). The
    discriminator has an output for each, which trains with it; both networks maximise the bound of
    equation 5 on the mutual information of codes and samples, H(c) + E log Q(c | sample). Q of a
    factor is a normal distribution of variance 1, and both weights are 1, as in the authors' code
    for MNIST. Latents are standard normal here.
    """

    latent_dim = 62
    num_categories: int = setting("Values of the category.", default=10, at_least=2, tiny=4)
    num_factors: int = setting("Number of continuous factors.", default=2, at_least=1)
    category_weight: float = setting(
        "Weight of the category's information, λ in the paper.", default=1.0, at_least=0
    )
    factor_weight: float = setting(
        "Weight of the factors' information, λ in the paper.", default=1.0, at_least=0
    )
    generator: keras.Model = setting(
        "Latent, one-hot category and factors side by side → data, without an output activation.",
        default=None,
    )
    discriminator: keras.Model = setting("Data → logit, category and factors.", default=None)

    def make_generator(self) -> None:
        """A network that reads `latent`, `category` and `factors`."""
        length = self.latent_dim + self.num_categories + self.num_factors
        joined, _ = self.decoder_of("generator", latent=length)
        self.generator = rewired(joined, self.with_codes)
        self.prior = {
            "latent": self.latent_noise(),
            "category": categorical(self.num_categories),
            "factors": uniform(self.num_factors, low=-1.0, high=1.0),
        }

    def with_codes(self, network: keras.Model) -> keras.Model:
        """A network of one latent as one that reads the codes beside it."""
        inputs = {
            "latent": keras.Input((self.latent_dim,), name="latent"),
            "category": keras.Input((), dtype="int32", name="category"),
            "factors": keras.Input((self.num_factors,), name="factors"),
        }
        one_hot = ops.one_hot(inputs["category"], self.num_categories, dtype=precise_dtype())
        joined = layers.Concatenate()([inputs["latent"], one_hot, inputs["factors"]])
        others = {name: tensor for name, tensor in network.input.items() if name != "latent"}
        made = network({"latent": joined, **others})
        return keras.Model({**inputs, **others}, made, name="generator")

    def make_discriminator(self) -> None:
        """A network with an output for the category and one for the factors."""
        self.discriminator = self.encoder_of(
            "discriminator",
            features=bool(self.feature_matching),
            logit=1,
            category=self.num_categories,
            factors=self.num_factors,
        )

    def information(self, fake: Logs, batch: Batch) -> Terms:
        """The bound on what samples tell of each code, in nats, which the loss is less by."""
        category = math.log(self.num_categories) - losses.class_cross_entropy(
            batch["category"], fake["category"]
        )
        rows = losses.gaussian_rows(batch["factors"], fake["factors"])
        factors = self.num_factors * math.log(2.0) - ops.mean(rows)
        return {
            "category_information": (-self.category_weight, category),
            "factor_information": (-self.factor_weight, factors),
        }

    def discriminator_terms(self, real: Logs, fake: Logs, batch: Batch) -> Terms:
        """The codes as read off the samples."""
        return self.information(fake, batch)

    def generator_terms(self, fake: Logs, batch: Batch) -> Terms:
        """The codes as read off the samples."""
        return self.information(fake, batch)

    def uses(self) -> dict[str, Use]:
        """With `recognize`: the category's logits and the factors' means."""
        gives = {name: f"discriminator/{name}" for name in ("category", "factors")}
        return super().uses() | {"recognize": Use([Step("discriminator")], gives)}
