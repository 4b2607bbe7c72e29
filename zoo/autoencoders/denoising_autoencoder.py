"""Clean data from corrupted data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras

from zoo.autoencoders import corruptions
from zoo.autoencoders.base import Autoencoder
from zoo.model import NetworkSettings
from zoo.networks import activated, apply
from zoo.phase import Batch, Logs
from zoo.settings import setting
from zoo.uses import Step, Use

if TYPE_CHECKING:
    from zoo.data import Data

SOUND = {"network": "spectrum", "corruption": "gaussian", "level": 0.1}
"""The settings of a denoiser of sounds, where users leave them open."""


class DenoisingAutoencoder(NetworkSettings, Autoencoder):
    """Denoising autoencoder (Vincent et al., 2008, ICML).

    Minimises L(data, decoder(encoder(corrupted data))). As in the paper, one hidden layer of
    sigmoids reads data of which a share is masked; its decoder has weights of its own, where the
    paper's shares the encoder's. `network="conv_pool"` suits images and sound.

    Of sounds, the defaults are gaussian noise and a mask on the spectrum, `network="spectrum"`.

    With `corruption=None` the data are noisy themselves and come with a clean field `target`.
    """

    pictured = ("restore", "reconstruct")

    network: str | None = "mlp"
    corruption: corruptions.Kind | None = setting(
        "What is done to the data: gaussian noise, masking or salt_and_pepper; None for noisy data "
        "with a clean field target.",
        default="masking",
    )
    level: float = setting(
        "Standard deviation of gaussian noise, or the share of the features that are corrupted.",
        default=0.25,
        at_least=0,
    )
    latent_dim: int | None = setting(
        "Length of the code, or channels of a map; by default 500 in fully connected networks, "
        "and what others make themselves.",
        default=None,
        at_least=1,
        tiny=8,
    )
    activation: str | None = setting(
        "Of the code; by default sigmoid in fully connected networks, and none in others.",
        default=None,
    )

    @classmethod
    def facts(cls, data: Data) -> dict[str, Any]:
        """The settings that data decide: of sounds also the network and the corruption."""
        found = super().facts(data)
        return found if found.get("sample_rate") is None else {**found, **SOUND}

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """A fully connected network has no hidden layer but the code."""
        options = {"depth": 0} if self.network == "mlp" else {}
        return {"encoder": options, "decoder": options}

    @property
    def reads(self) -> Mapping[str, tuple[int, ...]]:  # type: ignore[override]
        """The clean `target` of data that are noisy themselves."""
        return {} if self.corruption else {"target": self.shape}

    def assemble(self) -> None:
        super().assemble()
        if self.corruption is None:
            return
        self.require(
            self.corruption == "gaussian" or self.level <= 1,
            "the level is a share of the features, at most 1",
            corruption=self.corruption,
            level=self.level,
        )
        self.require(
            self.corruption != "salt_and_pepper" or self.value_range is not None,
            "salt_and_pepper needs data with a lowest and a highest value",
            corruption=self.corruption,
            value_range=self.value_range,
        )
        self.noise = {"noise": corruptions.noise(self.corruption, self.level, self.shape)}
        self.corrupter = corruptions.corrupter(
            self.corruption, self.level, self.shape, self.value_range
        )

    def make_encoder(self) -> keras.Model:
        """`data` → `code`."""
        flat = self.network == "mlp"
        units = 500 if flat and self.latent_dim is None else self.latent_dim
        activation = self.activation or ("sigmoid" if flat else "linear")
        return activated(self.encoder_of(code=units), activation)

    def autoencoder_loss(self, batch: Batch, training: bool) -> Logs:
        """The distance between clean data and what is made of noisy data."""
        if self.corruption is None:
            noisy, clean = batch["data"], batch["target"]
        else:
            noisy, clean = apply(self.corrupter, batch)["corrupted"], batch["data"]
        code = apply(self.encoder, batch | {"data": noisy}, training)[self.code]
        return {"loss": self.reconstruction(batch | {"data": clean, "latent": code}, training)}

    def uses(self) -> dict[str, Use]:
        """Also `denoise`, of noisy data, and `restore`, which corrupts clean data first."""
        decode = Step("decoder", {"latent": f"encoder/{self.code}"})
        table = {"denoise": Use([Step("encoder"), decode], {"clean": "decoder/data"})}
        if self.corruption is not None:
            steps = [Step("corrupter"), Step("encoder", {"data": "corrupter/corrupted"}), decode]
            gives = {"corrupted": "corrupter/corrupted", "clean": "decoder/data"}
            table["restore"] = Use(steps, gives, self.noise)
        return super().uses() | table
