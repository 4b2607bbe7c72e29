"""Small images into large ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import keras
from keras import layers

from zoo import losses
from zoo.errors import ModelError
from zoo.gans.base import Adversarial, Terms
from zoo.layers import Downsample
from zoo.networks import apply, perceptual
from zoo.phase import Batch, Logs, Phase
from zoo.precision import precise_dtype
from zoo.settings import setting
from zoo.uses import Step, Use

if TYPE_CHECKING:
    from zoo.data import Data

Degradation = Literal["mean", "gaussian", "bicubic"]


class SRGAN(Adversarial):
    """SRGAN (Ledig et al., 2016, arXiv:1609.04802).

    The small images are the means of the data's blocks of factor × factor; the paper's are made by
    a Gaussian filter (`gaussian`, whose spread it does not tell), those of most later work by
    `bicubic`. Both reflect the data at their borders. With small data of one's own, a field `low`
    that is factor times smaller, `degradation` is None, and these are what is enlarged.

    The upscaler trains on the squared error alone (SRResNet) and then on its content loss +
    0.001·its side of the game, written here as game + 1000·content. The content loss is the squared
    error, or the distance in the maps of a network `perceptual`, such as
    `zoo.networks.perceptual.vgg16`. The paper enlarges four times, by 16 blocks of 64 channels; the
    discriminator is the one of `conv`, with half of the paper's convolutions.
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
    degradation: Degradation | None = setting(
        "How data become small: mean (of blocks), gaussian or bicubic; None for data with a small "
        "field low.",
        default="mean",
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

    @classmethod
    def facts(cls, data: Data) -> dict[str, Any]:
        """With the factor of data that come with small ones, which are then not made.

        Raises:
            ModelError: The data are no power of 2 times as large.
        """
        shapes = data.shapes
        if "low" not in shapes:
            return super().facts(data)
        factor = _factor(tuple(shapes["data"]), tuple(shapes["low"]))
        return super().facts(data) | {"degradation": None, "factor": factor}

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
        if self.degradation is None:
            self.require(
                not any(size % self.factor for size in self.shape[:-1]),
                "data that come with small ones are factor times as large",
                factor=self.factor,
                shape=self.shape,
            )
            low = (*(size // self.factor for size in self.shape[:-1]), self.shape[-1])
            self.reads = {"low": low}
        else:
            self.degrader = _degrader(self.shape, self.factor, self.degradation)
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
        """Data made small, or the small ones beside them, made large again."""
        made = {} if self.degradation is None else apply(self.degrader, batch)
        return apply(self.upscaler, batch | made, training)["data"]

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
        if not made or self.degradation is None:
            return made
        shape = (*unknown, self.shape[-1])
        return {"degrader": _degrader(shape, self.factor, self.degradation), **made}

    def uses(self) -> dict[str, Use]:
        """`upscale`, of small data; `degrade`, which makes data small; `restore`, both.

        Where the small data are given there is no `degrade`, and `restore` enlarges these.
        """
        large = {"data": "upscaler/data"}
        upscale = Use([Step("upscaler")], large)
        if self.degradation is None:
            return super().uses() | {"upscale": upscale, "restore": upscale}
        steps = [Step("degrader"), Step("upscaler", {"low": "degrader/low"})]
        return super().uses() | {
            "upscale": upscale,
            "degrade": Use([Step("degrader")], {"low": "degrader/low"}),
            "restore": Use(steps, large),
        }


def _degrader(shape: tuple[int | None, ...], factor: int, kind: Degradation) -> keras.Model:
    """`data` → `low`; the means of blocks at the far edges may be of smaller blocks."""
    data = keras.Input(shape, name="data")
    options = {"dtype": precise_dtype(), "name": "low"}
    if kind == "mean":
        pool = (layers.AveragePooling1D, layers.AveragePooling2D)[len(shape) - 2]
        low = pool(factor, padding="same", **options)(data)
    else:
        low = Downsample(kind, factor, **options)(data)
    return keras.Model({"data": data}, {"low": low}, name="degrader")


def _factor(large: tuple[int, ...], small: tuple[int, ...]) -> int:
    """How many times as long each side of large data is.

    Raises:
        ModelError: It is no power of 2 from 2 on, the same for each side, or channels differ.
    """
    factor = large[0] // small[0]
    fits = factor > 1 and factor & (factor - 1) == 0 and len(large) == len(small)
    if not fits or large != (*(factor * size for size in small[:-1]), small[-1]):
        raise ModelError(
            "Each side of large data is a power of 2 times as long as that of the small ones. "
            f"Received: data of shape {large}, low of shape {small}. "
            "Accepted: pairs of sizes such as 64×48 and 32×24, with the same channels."
        )
    return factor
