"""A GAN that also trains on what an autoencoder makes of perturbed codes."""

from __future__ import annotations

from typing import Any

from keras import ops

from zoo.hybrids.inner import Inner
from zoo.hybrids.perturbation import Perturbation, noise_of, perturbed
from zoo.hybrids.with_autoencoder import WithAutoencoder
from zoo.model import GenerativeModel
from zoo.model.parts import squared_error
from zoo.networks import apply
from zoo.noise import Noise, bernoulli
from zoo.phase import Batch
from zoo.registry import describe
from zoo.settings import setting
from zoo.uses import Step, Use


class AugmentedGAN(WithAutoencoder):
    """Any GAN, with its data augmented in the codes of an autoencoder.

    The model is original to this package. The autoencoder, trained before or in the first
    stage, encodes each batch; the codes are perturbed at random (`perturbation`, `strength`) and
    decoded, and each row of the batch is replaced by its decoding with the probability `ratio`.
    The GAN's losses read that batch as their data; labels stay.

    `gan` is any registered model whose losses read nothing of the data but `data` and `labels`.
    Its settings are `gan_options`; its uses, optimizers and phases are this model's. What it trains
    on is replaced in all of its losses alike, so that a loss that compares data and samples
    compares with the same data as the discriminator does.
    """

    value_range = (-1.0, 1.0)
    gan: str = setting("The registered model that is trained.", default="lsgan")
    gan_options: dict = setting(
        "Its settings.", default={}, tiny={"latent_dim": 4, "network_options": {"width": 4}}
    )
    perturbation: Perturbation = setting(
        "Of the codes: Gaussian noise, interpolation with a neighbour, or masking.",
        default="interpolation",
    )
    strength: float = setting(
        "Of the perturbation: deviations of the noise, the largest share of the neighbour, or the "
        "share of masked entries.",
        default=0.5,
        at_least=0,
    )
    ratio: float = setting(
        "Share of the data that are replaced.", default=0.5, at_least=0, at_most=1
    )

    def assemble(self) -> None:
        self.require(
            self.perturbation == "noise" or self.strength <= 1,
            "the strength of interpolation and masking is at most 1",
            perturbation=self.perturbation,
            strength=self.strength,
        )
        stage = self.take_autoencoder()
        self.code_encoder = self.make_code_encoder(flat=False)
        self.code_decoder = self.make_code_decoder()
        self.inner = self._make_inner()
        code = self.code_encoder.output["code"].shape[1:]
        drawn: dict[str, Noise] = {
            "perturbation_drawn": noise_of(self.perturbation, tuple(code)),
            "augmented": bernoulli(self.ratio),
        }
        game = Inner(
            "inner",
            self.inner,
            first=self.first_step,
            given=self.augmented,
            reads=list(drawn),
        )
        stages = [game] if stage is None else [stage, game]
        self.phases = [phase for inner in stages for phase in inner.phases()]
        # The GAN's noise is drawn first: without augmentation it is what the GAN alone would draw.
        self.noise = {**game.noise, **drawn, **({} if stage is None else stage.noise)}
        self.prior, self.code = self.inner.prior, self.inner.code
        for name, part in self.inner.parts().items():
            setattr(self, name, part)
        self.data_error = squared_error(self.shape)

    def _make_inner(self) -> GenerativeModel:
        row = describe(self.gan)
        self.require(
            self.num_classes is not None or not row.fields()["num_classes"].required,
            "num_classes says how many classes a GAN that reads labels knows",
            num_classes=self.num_classes,
            gan=self.gan,
        )
        shared: dict[str, Any] = {"shape": self.shape, "value_range": self.value_range}
        shared |= {"num_classes": self.num_classes, "seed": self.seed}
        shared |= {"precision": self.precision, "standardize_vectors": self.standardize_vectors}
        model = row.load()(**{**row.settings, **shared, **self.gan_options})
        self.require(
            not model.reads and bool(model.phases),
            "gan is a model that trains on data and labels alone",
            gan=self.gan,
        )
        return model

    def augmented(self, batch: Batch, training: bool) -> Batch:
        """The batch with some of its data replaced by decodings of perturbed codes."""
        if not training:
            return batch
        code = self.code_of(self.code_encoder, batch)
        moved = perturbed(
            code,
            batch["perturbation_drawn"],
            self.perturbation,
            self.strength,
            labels=None if self.num_classes is None else batch["labels"],
            xp=ops,
        )
        made = apply(self.code_decoder, batch | {"latent": moved}, False)["data"]
        chosen = ops.reshape(batch["augmented"], (-1, *(1 for _ in self.shape)))
        mixed = chosen * ops.stop_gradient(made) + (1 - chosen) * batch["data"]
        return batch | {"data": mixed}

    def uses(self) -> dict[str, Use]:
        """Those of the GAN; where it encodes nothing, the autoencoder's round trip."""
        code, made = "code_encoder/code", "code_decoder/data"
        through = [Step("code_encoder"), Step("code_decoder", {"latent": code})]
        compared = [*through, Step("data_error", {"other": made})]
        table = self.inner.uses()
        if "encode" in table:
            return table
        return table | {
            "encode": Use([Step("code_encoder")], {"code": code}),
            "decode": Use([Step("code_decoder", {"latent": "code"})], {"data": made}),
            "reconstruct": Use(through, {"reconstruction": made}),
            "score": Use(compared, {"score": "data_error/error"}),
            "anomaly": Use(compared, {"score": "data_error/error", "heat": "data_error/map"}),
        }
