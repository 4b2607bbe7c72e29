"""A GAN whose generator reads codes of a trained autoencoder beside noise and labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import keras
from keras import layers, ops

from zoo.gans.base import Adversarial, Side, Terms
from zoo.gans.projection_gan import projected_logit
from zoo.hybrids.with_autoencoder import WithAutoencoder
from zoo.layers import Standardize
from zoo.networks import apply
from zoo.phase import Batch, Logs, Phase
from zoo.precision import precise, precise_dtype
from zoo.priors import MixturePrior, gaussians, outer_sums, prior_part
from zoo.priors.moments import mean_and_stddev
from zoo.settings import setting
from zoo.uses import Step, Use

DECAY = 0.999
"""Of the sums over the codes: those of some thousand batches count."""


class CodeGAN(WithAutoencoder, Adversarial):
    """GAN whose generator reads noise, a label and the code of a trained autoencoder.

    The model is original to this package. In training the generator reads the code of the datum
    whose place its sample takes, standardized: G(latent, label, code). The discriminator reads
    data, label and code: its logit is w·φ + φ·V·code, with φ the features of its trunk, a
    projection (Miyato & Koyama, 2018, arXiv:1802.05637). It compares p(data | label, code) of data
    and of samples, so a generator that ignores the code loses. Losses, penalties and
    augmentation are settings, as of every GAN.

    The codes' distribution is kept, so that sampling needs no data: training adds [1, c][1, c]ᵀ up
    over batches, class by class, with a decay, and a Gaussian with a full covariance follows from
    the sums at every step. Sampling draws a code from the label's Gaussian, then the sample;
    `zoo.priors.fit_prior` fits a mixture in its place.
    """

    condition: Literal["projection", "none"] = setting(
        "How the discriminator reads the code: by projection, or not at all.", default="projection"
    )
    match: float = setting(
        "Weight of the squared distance between the code that the generator reads and the code "
        "of what it makes.",
        default=0.0,
        at_least=0,
    )
    prior_components: int = setting(
        "Gaussians in the prior of the codes, of each class: training fits one, `fit_prior` all.",
        default=1,
        at_least=1,
    )
    generator: keras.Model = setting(
        "Latent and code → data, without an output activation.", default=None
    )
    discriminator: keras.Model = setting("Data → logit and features.", default=None)

    def assemble(self) -> None:
        stage = self.take_autoencoder()
        self.code_encoder = self.make_code_encoder(flat=True)
        self.code_dim = self.code_encoder.output["code"].shape[-1]
        self.code_standardization = Standardize(dtype=precise_dtype(), name="standardization")
        code = self.code_standardization(self.code_encoder.output["code"])
        self.encoder = keras.Model(self.code_encoder.input, {"code": code}, name="encoder")
        self.code_distribution = MixturePrior(
            self.code_dim, self.num_classes, components=self.prior_components
        )
        self.code_prior = prior_part(self.code_distribution)
        self.code_sums = self.state(
            "code_sums", (self.num_classes or 1, 1 + self.code_dim, 1 + self.code_dim)
        )
        super().assemble()
        self.phases = [self._second(phase) for phase in self.phases]
        if stage is not None:
            self.phases = [*stage.phases(), *self.phases]
            self.noise = {**self.noise, **stage.noise}

    def _second(self, phase: Phase) -> Phase:
        """A phase that begins when the autoencoder is trained."""
        first, due = self.first_step, phase.when
        return replace(phase, when=lambda step: step >= first and due(step))

    def make_generator(self) -> None:
        """A generator of the latent and the code."""
        reads = {"latent": (self.latent_dim,), "code": (self.code_dim,)}
        self.generator, _ = self.decoder_of("generator", reads)
        self.prior = {"latent": self.latent_noise()}

    def make_discriminator(self) -> None:
        """A discriminator whose logit is w·φ(data) + φ(data)·V·code, or w·φ(data) alone."""
        reading = self.condition == "projection"
        self.trunk = self.encoder_of("discriminator", logit=1, features=reading)
        self.discriminator = self.trunk
        if not reading:
            return
        code = keras.Input((self.code_dim,), name="code")
        features = self.trunk.output["features"]
        size = features.shape[-1]
        projected = layers.Dense(
            size, use_bias=False, dtype=precise_dtype(), name="code_projection"
        )(code)
        self.projection = keras.Model({"code": code}, {"projected": projected}, name="projection")
        inputs = {**self.trunk.input, "code": code}
        logit = projected_logit(self.trunk.output, projected)
        self.discriminator = keras.Model(inputs, {"logit": logit}, name="discriminator")

    def discriminate(self, data: Any, batch: Batch, training: bool, side: Side) -> Logs:
        """The logit of data or samples, and where codes are matched the code of samples."""
        seen = batch | {"data": self.view(data, batch, side)}
        found = apply(self.trunk, seen, training)
        logs = {"logit": found["logit"]}
        if self.condition == "projection":
            projected = apply(self.projection, seen, training)["projected"]
            logs["logit"] = projected_logit(found, projected)
        if self.match and side == "fake":
            logs["code"] = apply(self.encoder, batch | {"data": data}, False)["code"]
        return logs

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """The GAN's loss; training keeps the distribution of the codes."""
        code = self.code_of(self.code_encoder, batch)
        if not training:
            return super().discriminator_loss(batch | self._standardized(code), training)
        one_hot = (
            ops.ones_like(code[:, :1])
            if self.num_classes is None
            else ops.one_hot(batch["labels"], self.num_classes)
        )
        sums = DECAY * ops.convert_to_tensor(self.code_sums) + outer_sums(code, one_hot)
        mean, stddev = mean_and_stddev(sums)
        logs = super().discriminator_loss(
            batch | {"code": (precise(code) - mean) / stddev}, training
        )
        return logs | {"next": self._kept(sums, mean, stddev) | logs.get("next", {})}

    def _kept(self, sums: Any, mean: Any, stddev: Any) -> dict[str, Any]:
        """The next sums, and what follows from them: the scale of the codes, and their prior."""
        means, factors = gaussians(sums)
        means, factors = (means - mean) / stddev, factors / stddev[:, None]
        count = self.prior_components
        return {
            "code_sums": sums,
            "code_standardization.mean": mean,
            "code_standardization.stddev": stddev,
            "code_distribution.means": ops.repeat(means[:, None], count, axis=1),
            "code_distribution.factors": ops.repeat(factors[:, None], count, axis=1),
        }

    def _standardized(self, code: Any) -> Logs:
        """A code as the networks read it."""
        return {"code": self.code_standardization(code)}

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """The GAN's loss, on the codes of data."""
        code = self._standardized(self.code_of(self.code_encoder, batch))
        return super().generator_loss(batch | code, training)

    def penalty_loss(self, batch: Batch, training: bool) -> Logs:
        """The penalties alone, on the codes of data."""
        code = self._standardized(self.code_of(self.code_encoder, batch))
        return super().penalty_loss(batch | code, training)

    def generator_terms(self, fake: Logs, batch: Batch) -> Terms:
        """The distance between the codes read and made."""
        terms = super().generator_terms(fake, batch)
        if self.match:
            distance = ops.mean(ops.square(precise(fake["code"]) - precise(batch["code"])))
            terms["code_distance"] = (self.match, distance)
        return terms

    def uses(self) -> dict[str, Use]:
        """Samples from drawn codes, variations of data, and codes made visible."""
        table = super().uses()
        drawn = {**self.prior, **self.code_distribution.draws}
        labels = table["sample"].draws.get("labels")
        if labels is not None:
            drawn["labels"] = labels
        made = {"data": "generator/data"}
        code = {"code": "encoder/code"}
        judged = [Step("discriminator")]
        if self.condition == "projection":
            judged = [Step("encoder"), Step("discriminator", code)]
        return {
            "sample": Use(
                [Step("code_prior"), Step("generator", {"code": "code_prior/code"})], made, drawn
            ),
            "encode": table["encode"],
            "decode": Use([Step("generator")], made, self.prior),
            "vary": Use([Step("encoder"), Step("generator", code)], made, self.prior),
            "discriminate": Use(judged, {"logit": "discriminator/logit"}),
        }
