"""Anomalies by a GAN of normal data, inverted by an encoder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
from keras import layers, ops

from zoo.hybrids.inner import Inner
from zoo.model import GenerativeModel, NetworkSettings, Rate
from zoo.networks import apply
from zoo.phase import Batch, Logs, Phase
from zoo.precision import precise
from zoo.registry import describe
from zoo.settings import setting
from zoo.uses import Step, Use


class FAnoGAN(NetworkSettings, GenerativeModel):
    """f-AnoGAN (Schlegl et al., 2019, Medical Image Analysis 54).

    A GAN learns normal data first: a trained one, or a registered one that the first `gan_steps`
    steps of `fit` train. An encoder then learns to invert its generator (izi_f, equation 4):
    it minimises ‖x − G(E(x))‖² + kappa·‖f(x) − f(G(E(x)))‖², means over the features, with f what
    the discriminator's last layer reads. That distance is the anomaly score, and the squared
    residual its heat map.
    """

    value_range = (-1.0, 1.0)
    gan: GenerativeModel = setting(
        "A trained GAN of one latent and no labels; by default an own one.", default=None
    )
    own_gan: str = setting(
        "The registered GAN that is trained first, where no trained one is given.",
        default="wgan_gp",
    )
    gan_options: dict = setting(
        "Its settings.", default={}, tiny={"latent_dim": 4, "network_options": {"width": 4}}
    )
    gan_steps: int = setting(
        "Steps of the first stage, where no trained GAN is given.", default=2000, at_least=1, tiny=6
    )
    kappa: float = setting("Weight of the features' distance.", default=1.0, at_least=0)
    learning_rate: Rate = setting("Of the encoder's Adam.", default=1e-3, above=0)
    encoder: keras.Model = setting("Data → code, the latent.", default=None)

    def assemble(self) -> None:
        trained = self.frozen("gan")
        self.gan = self._own_gan() if trained is None else trained
        self._check_gan()
        self.generator, self.prior = self.gan.generator, dict(self.gan.prior)
        self.encoder = self.encoder_of(code=self.generator.input["latent"].shape[-1])
        self.features = _features(self.gan.discriminator)
        self.residual = self._residual()
        phase = Phase(
            self.encoder_loss,
            [self.encoder],
            keras.optimizers.Adam(self.learning_rate),
            when=lambda step: step >= self.first_step,
            noise=(),
        )
        self.phases = [phase]
        if trained is None:
            stage = Inner("gan", self.gan, end=self.gan_steps, prefix="gan_")
            self.phases = [*stage.phases(), phase]
            self.noise = stage.noise

    @property
    def first_step(self) -> int:
        """The step at which the GAN is trained and the encoder begins."""
        return self.gan_steps if self.settings["gan"] is None else 0

    def _own_gan(self) -> GenerativeModel:
        row = describe(self.own_gan)
        shared: dict[str, Any] = {"shape": self.shape, "value_range": self.value_range}
        shared |= {"seed": self.seed, "precision": self.precision}
        return row.load()(**{**row.settings, **shared, **self.gan_options})

    def _check_gan(self) -> None:
        received = {"gan": type(self.gan).__name__}
        reads = [
            set(getattr(self.gan, name).input)
            for name in ("generator", "discriminator")
            if hasattr(self.gan, name)
        ]
        self.require(
            reads == [{"latent"}, {"data"}], "a GAN reads a latent, and judges data", **received
        )
        self.require(
            bool(self.gan.discriminator.layers[-1].weights),
            "a GAN's discriminator ends with a layer with weights, which reads its features",
            **received,
        )
        for name in ("shape", "value_range"):
            ours, theirs = getattr(self, name), getattr(self.gan, name)
            self.require(
                ours == theirs, f"both models have one {name}", **{name: ours, "gan": theirs}
            )

    def _residual(self) -> keras.Model:
        """`data` and `other` → `error` `(batch,)`, the score, and `map`, the squared residual."""
        data, other = (keras.Input(self.shape, name=name) for name in ("data", "other"))
        squares = ops.square(data - other)
        found = squares if len(self.shape) == 1 else ops.mean(squares, axis=-1, keepdims=True)
        of_data, of_other = (self.features({"data": x})["features"] for x in (data, other))
        distance = layers.Flatten()(ops.square(of_data - of_other))
        error = ops.mean(layers.Flatten()(squares), axis=-1)
        error = error + self.kappa * ops.mean(distance, axis=-1)
        outputs = {"error": error, "map": found}
        return keras.Model({"data": data, "other": other}, outputs, name="residual")

    def encoder_loss(self, batch: Batch, training: bool) -> Logs:
        """The residual, and that of the discriminator's features."""
        code = apply(self.encoder, batch, training)["code"]
        made = apply(self.generator, {"latent": code}, False)["data"]
        residual = ops.mean(ops.square(precise(batch["data"]) - precise(made)))
        found = (
            precise(apply(self.features, {"data": x}, False)["features"])
            for x in (batch["data"], made)
        )
        target, features = found
        distance = ops.mean(ops.square(target - features))
        loss = residual + self.kappa * distance
        return {"loss": loss, "residual": residual, "feature_distance": distance}

    def uses(self) -> dict[str, Use]:
        """The round trips, with the score of the paper."""
        table = super().uses()
        for name in ("score", "anomaly"):
            *steps, last = table[name].steps
            gives = {
                result: value.replace("squared_error", "residual")
                for result, value in table[name].gives.items()
            }
            table[name] = replace(
                table[name], steps=[*steps, Step("residual", last.reads)], gives=gives
            )
        return table


def _features(discriminator: keras.Model) -> keras.Model:
    """`data` → `features`: what the discriminator's last layer reads."""
    read = discriminator.layers[-1].input
    return keras.Model(discriminator.input, {"features": read}, name="features")
