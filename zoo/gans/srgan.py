"""Small images into large ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
from keras import layers

from zoo import losses
from zoo.gans.base import Adversarial, Terms
from zoo.networks import apply, perceptual
from zoo.phase import Batch, Logs, Phase
from zoo.precision import precise_dtype
from zoo.settings import setting
from zoo.uses import Step, Use


class SRGAN(Adversarial):
    """SRGAN (Ledig et al., 2016, arXiv:1609.04802).

    The small images are the means of the data's blocks of factor × factor; the paper's are made by
    a Gaussian filter and bicubic interpolation. The upscaler trains on
    the squared error alone (SRResNet) and then on its content loss + 0.001·its side of the game,
    written here as game + 1000·content. The content loss is the squared error, or the distance in
    the maps of a network `perceptual`, such as `zoo.networks.perceptual.vgg16`. The paper enlarges
    four times, by 16 blocks of 64 channels; the discriminator is the one of `conv`, with half of
    the paper's convolutions.
    """

    accepts = ("sequence", "image")
    lacks = ("latent_dim", "generator")
    pictured = ("restore",)
    any_size = ("upscaler",)
    learning_rate = 1e-3
    discriminator_learning_rate = 2e-4
    beta_1 = 0.9
    factor: int = setting(
        "How often larger each side becomes: a power of 2.", default=2, at_least=2
    )
    pretraining_steps: int = setting(
        "Steps on the squared error alone.", default=200, at_least=0, tiny=2
    )
    content: float = setting("Weight of the content loss.", default=1000.0, at_least=0)
    upscaler: keras.Model = setting(
        "Small data → data, without an output activation.", default=None
    )
    perceptual: keras.Model = setting(
        "Data → maps in which the content is compared; None for the data.", default=None
    )

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Residual blocks, and a discriminator with batch normalization."""
        discriminator = {"activation": "leaky_relu", "normalization": "batch"}
        small = {"network": "srresnet", "width": 32, "blocks": 4}
        return {"upscaler": small, "discriminator": self.discriminator_defaults(discriminator)}

    def make_generator(self) -> None:
        """What makes data small, and what makes them large again."""
        self.require(
            self.factor & (self.factor - 1) == 0 and self.factor <= min(self.shape[:-1]),
            "factor is a power of 2, at most the data's size",
            factor=self.factor,
            shape=self.shape,
        )
        self.degrader = _degrader(self.shape, self.factor)
        low = tuple(self.degrader.output["low"].shape[1:])
        self.upscaler, _ = self.decoder_of("upscaler", {"low": low}, across=True)
        self.prior = {}
        own = self.settings["perceptual"]
        if own is not None:
            self.perceptual = perceptual.own_features(own, self.shape)
            self.perceptual.trainable = False

    def assemble(self) -> None:
        super().assemble()
        if not self.pretraining_steps:
            return
        game = [replace(phase, when=self._later(phase)) for phase in self.phases]
        optimizer = game[-1].optimizer
        first = Phase(
            self.pretraining_loss, self.generator_networks, optimizer, when=self._is_first
        )
        self.phases = [first, *game]

    def _is_first(self, step: int) -> bool:
        return step < self.pretraining_steps

    def _later(self, phase: Phase) -> Any:
        """When a phase of the game takes part: as before, once the upscaler has learned."""
        return lambda step: not self._is_first(step) and phase.when(step)

    @property
    def generator_networks(self) -> list[keras.Model]:
        """The upscaler."""
        return [self.upscaler]

    def generate(self, batch: Batch, training: bool) -> Any:
        """Data made small and large again."""
        return apply(self.upscaler, batch | apply(self.degrader, batch), training)["data"]

    def pretraining_loss(self, batch: Batch, training: bool) -> Logs:
        """The squared error."""
        return {"loss": losses.mean_squared_error(batch["data"], self.generate(batch, training))}

    def sample_terms(self, samples: Any, batch: Batch, training: bool) -> Terms:
        """The content loss."""
        if self.settings["perceptual"] is None:
            content = losses.mean_squared_error(batch["data"], samples)
        else:
            content = perceptual.distance(self.perceptual, batch["data"], samples)
        return {"content": (self.content, content)}

    def _made_for_any_size(self) -> dict[str, keras.Model]:
        """The upscaler, and the degrader with it."""
        made, unknown = super()._made_for_any_size(), [None] * (len(self.shape) - 1)
        return made and {"degrader": _degrader((*unknown, self.shape[-1]), self.factor), **made}

    def uses(self) -> dict[str, Use]:
        """`upscale`, of small data; `degrade`, which makes data small; `restore`, both."""
        large = {"data": "upscaler/data"}
        steps = [Step("degrader"), Step("upscaler", {"low": "degrader/low"})]
        return super().uses() | {
            "upscale": Use([Step("upscaler")], large),
            "degrade": Use([Step("degrader")], {"low": "degrader/low"}),
            "restore": Use(steps, large),
        }


def _degrader(shape: tuple[int | None, ...], factor: int) -> keras.Model:
    """`data` → `low`: the means of blocks; those at the far edges may be smaller."""
    data = keras.Input(shape, name="data")
    kind = (layers.AveragePooling1D, layers.AveragePooling2D)[len(shape) - 2]
    low = kind(factor, padding="same", dtype=precise_dtype(), name="low")(data)
    return keras.Model({"data": data}, {"low": low}, name="degrader")
