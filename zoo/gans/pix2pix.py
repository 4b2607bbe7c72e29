"""Data into their targets, from pairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras

from zoo import losses
from zoo.gans.base import Adversarial, Side, Terms
from zoo.networks import apply
from zoo.phase import Batch, Logs
from zoo.settings import setting
from zoo.uses import Step, Use

if TYPE_CHECKING:
    from zoo.data import Data


class Pix2Pix(Adversarial):
    """Pix2pix (Isola et al., 2016, arXiv:1611.07004).

    The translator minimises its side of the game + λ·the mean absolute error; the discriminator
    sees data and target side by side and judges every patch. Translator and discriminator are a
    U-Net and the paper's patches, narrower and of fewer halvings. Dropout in the way up is the
    noise of training; the paper draws it in use as well, where little depends on it. Halving the
    discriminator's loss, as in the paper, would change nothing with Adam. The paper's learning rate
    is 2e-4, the default one for some thousand steps.
    """

    accepts = ("sequence", "image")
    lacks = ("latent_dim", "generator")
    pictured = ("translate",)
    any_size = ("translator",)
    learning_rate = 5e-4
    target_channels: int | None = setting(
        "Channels of the target; by default as many as the data have.", default=None, at_least=1
    )
    reconstruction: float = setting(
        "Weight of the mean absolute error, λ.", default=100.0, at_least=0
    )
    translator: keras.Model = setting("Data → target, without an output activation.", default=None)
    discriminator: keras.Model = setting("Data and target → a map of logits.", default=None)

    @classmethod
    def facts(cls, data: Data) -> dict[str, Any]:
        """With the channels of the target."""
        shapes = data.shapes
        channels = {"target_channels": shapes["target"][-1]} if "target" in shapes else {}
        return super().facts(data) | channels

    @property
    def seen_shape(self) -> tuple[int, ...]:
        """The shape of the target."""
        return (*self.shape[:-1], self.target_channels or self.shape[-1])

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """A U-Net with dropout, and a network of patches."""
        shared = {"normalization": "batch"}
        discriminator = self.discriminator_defaults(shared | {"network": "patch", "depth": 1})
        return {
            "translator": shared | {"network": "unet", "dropout": 0.5},
            "discriminator": discriminator,
        }

    def make_generator(self) -> None:
        """The translator, which draws nothing but its dropout."""
        self.require(
            not (self.augmentation and self.instance_noise) or self.seen_shape == self.shape,
            "augmentation and instance_noise together are for targets with the data's channels",
            target_channels=self.target_channels,
            shape=self.shape,
        )
        self.reads = {"target": self.seen_shape}
        self.translator, _ = self.decoder_of("translator", makes="target", shape=self.seen_shape)
        self.prior = {}

    def make_discriminator(self) -> None:
        """A network that reads data and target."""
        reads = {"data": self.shape, "target": self.seen_shape}
        self.discriminator = self.encoder_of(
            "discriminator", reads, features=bool(self.feature_matching), logit=1
        )

    @property
    def generator_networks(self) -> list[keras.Model]:
        """The translator."""
        return [self.translator]

    def real(self, batch: Batch) -> Any:
        """The targets."""
        return batch["target"]

    def generate(self, batch: Batch, training: bool) -> Any:
        """What is made of the data."""
        return apply(self.translator, batch, training)["target"]

    def discriminate(self, data: Any, batch: Batch, training: bool, side: Side) -> Logs:
        """The discriminator's outputs for targets, or for what was made, beside their data."""
        own = self.view(batch["data"], batch, side) if self.augmentation else batch["data"]
        seen = batch | {"data": own, "target": self.view(data, batch, side)}
        return apply(self.discriminator_network, seen, training)

    def sample_terms(self, samples: Any, batch: Batch, training: bool) -> Terms:
        """The mean absolute error."""
        error = losses.mean_absolute_error(batch["target"], samples)
        return {"reconstruction": (self.reconstruction, error)}

    def uses(self) -> dict[str, Use]:
        """`translate`, of data."""
        return super().uses() | {
            "translate": Use([Step("translator")], {"target": "translator/target"})
        }
