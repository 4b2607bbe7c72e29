"""Two domains into each other, without pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from zoo import losses
from zoo.gans.base import Adversarial, Side, Terms
from zoo.gans.buffer import exchanged
from zoo.losses.adversarial import Game
from zoo.networks import apply
from zoo.noise import Noise, uniform
from zoo.phase import Batch, Logs
from zoo.settings import setting
from zoo.uses import Step, Use

if TYPE_CHECKING:
    from zoo.data import Data


class CycleGAN(Adversarial):
    """CycleGAN (Zhu et al., 2017, arXiv:1703.10593).

    Two translators, between the domains `data` and `other`, and a discriminator of patches for
    each domain. The translators minimise their sides of both games + λ·(‖back(forth(data)) − data‖₁
    + ‖forth(back(other)) − other‖₁), and, as in the authors' code, λ/2 times the errors of data
    that are of a translator's domain already (the paper's section 5.2). The discriminators see
    translations of a buffer of 50 as well (section 4). Both games are one, of data and other beside
    each other in channels; so are penalties.

    The paper trains on one of each domain at a time, for 200 epochs, in whose second half the rate
    of 2e-4 falls to 0; its translators have the width 64, and nine blocks at 256×256. The default
    settings are for small images and some thousand steps.
    """

    accepts = ("sequence", "image")
    lacks = ("latent_dim", "generator")
    pictured = ("translate", "cycle")
    any_size = ("translator", "back_translator")
    loss = "least_squares"
    learning_rate = 5e-4
    network_options: dict = setting(
        "Options of the networks: width, translator.blocks, back_translator.blocks.",
        default={},
        tiny={"width": 4, "translator.blocks": 1, "back_translator.blocks": 1},
    )
    other_channels: int | None = setting(
        "Channels of the other domain; by default as many as the data have.",
        default=None,
        at_least=1,
    )
    cycle: float = setting("Weight of the cycles' error, λ.", default=10.0, at_least=0)
    identity: float = setting(
        "Weight of the error of what is in a translator's domain already, as a share of λ.",
        default=0.5,
        at_least=0,
    )
    buffer_size: int = setting(
        "Past translations that the discriminators see in the place of half of the new ones.",
        default=50,
        at_least=0,
    )
    translator: keras.Model = setting("Data → other, without an output activation.", default=None)
    back_translator: keras.Model = setting(
        "Other → data, without an output activation.", default=None
    )
    discriminator: keras.Model = setting("Data → a map of logits.", default=None)
    other_discriminator: keras.Model = setting("Other → a map of logits.", default=None)

    @classmethod
    def facts(cls, data: Data) -> dict[str, Any]:
        """With the channels of the other domain; nothing is of both where they differ."""
        found, shapes = super().facts(data), data.shapes
        if "other" not in shapes:
            return found
        channels = shapes["other"][-1]
        identity = {} if channels == data.shape[-1] else {"identity": 0.0}
        return found | {"other_channels": channels} | identity

    @property
    def other_shape(self) -> tuple[int, ...]:
        """The shape of the other domain."""
        return (*self.shape[:-1], self.other_channels or self.shape[-1])

    @property
    def seen_shape(self) -> tuple[int, ...]:
        """The shape of data and other beside each other."""
        return (*self.shape[:-1], self.shape[-1] + self.other_shape[-1])

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Residual translators, and networks of patches."""
        shared = {"normalization": "instance", "width": 16}
        translator = shared | {"network": "cyclegan", "blocks": 3}
        discriminator = self.discriminator_defaults(shared | {"network": "patch", "depth": 1})
        return {
            "translator": translator,
            "back_translator": translator,
            "discriminator": discriminator,
            "other_discriminator": discriminator,
        }

    def assemble(self) -> None:
        self.require(
            not self.identity or self.other_shape == self.shape,
            "identity is of domains with the same channels",
            identity=self.identity,
            other_channels=self.other_channels,
        )
        self.reads = {"other": self.other_shape}
        super().assemble()
        if self.buffer_size:
            self.buffer = self.state("buffer", (self.buffer_size, *self.seen_shape))
            self.held = self.state("held", (self.buffer_size,))

    def make_generator(self) -> None:
        """The two translators, which draw nothing."""
        self.translator, _ = self.decoder_of(
            "translator", makes="other", shape=self.other_shape, labels=False
        )
        self.back_translator, _ = self.decoder_of(
            "back_translator", {"other": self.other_shape}, across=True, labels=False
        )
        self.prior = {}

    def make_discriminator(self) -> None:
        """A discriminator for each domain."""
        reads = {"other": self.other_shape}
        self.discriminator = self.encoder_of("discriminator", labels=False, logit=1)
        self.other_discriminator = self.encoder_of(
            "other_discriminator", reads, labels=False, logit=1
        )

    @property
    def discriminator_networks(self) -> list[keras.Model]:
        """Both discriminators."""
        return [self.discriminator, self.other_discriminator]

    @property
    def generator_networks(self) -> list[keras.Model]:
        """Both translators."""
        return [self.translator, self.back_translator]

    @property
    def game(self) -> Game:
        """The translators' loss is the sum of both games, of squares without the half."""
        game, factor = super().game, 4 if self.loss == "least_squares" else 2
        return replace(game, generator=lambda *logits: factor * game.generator(*logits))

    def noise_of_pieces(self) -> dict[str, Noise]:
        """With whether a translation goes into the buffer, and where."""
        return super().noise_of_pieces() | ({"exchange": uniform(2)} if self.buffer_size else {})

    def real(self, batch: Batch) -> Any:
        """Data and other."""
        return ops.concatenate([batch["data"], batch["other"]], axis=-1)

    def generate(self, batch: Batch, training: bool) -> Any:
        """The translations of other and data."""
        return self.translated(batch["data"], batch["other"], batch, training)

    def translated(self, data: Any, other: Any, batch: Batch, training: bool) -> Any:
        """What is made of other, beside what is made of data."""
        back = apply(self.back_translator, batch | {"other": other}, training)["data"]
        forth = apply(self.translator, batch | {"data": data}, training)["other"]
        return ops.concatenate([back, forth], axis=-1)

    def parted(self, both: Any) -> tuple[Any, Any]:
        """Data and other, of both beside each other."""
        channels = self.shape[-1]
        return both[..., :channels], both[..., channels:]

    def judged(self, samples: Any, batch: Batch) -> tuple[Any, Logs]:
        """Translations, past ones among them, and the next buffer."""
        if not self.buffer_size:
            return samples, {}
        buffer, held = (ops.convert_to_tensor(state) for state in (self.buffer, self.held))
        shown, buffer, held = exchanged(buffer, held, samples, batch["exchange"])
        return shown, {"next": {"buffer": buffer, "held": held}}

    def discriminate(self, data: Any, batch: Batch, training: bool, side: Side) -> Logs:
        """The logits of both discriminators beside each other."""
        data, other = self.parted(self.view(data, batch, side))
        seen = batch | {"data": data, "other": other}
        both = (apply(network, seen, training)["logit"] for network in self.discriminator_networks)
        return {"logit": ops.concatenate(list(both), axis=-1)}

    def view(self, data: Any, batch: Batch, side: Side) -> Any:
        """Each domain by itself, changed alike."""
        noise, seen = f"{side}_instance_noise", []
        for index, domain in enumerate(self.parted(data)):
            own = {noise: self.parted(batch[noise])[index]} if self.instance_noise else {}
            seen.append(super().view(domain, batch | own, side))
        return ops.concatenate(seen, axis=-1)

    def sample_terms(self, samples: Any, batch: Batch, training: bool) -> Terms:
        """The errors of both cycles, and of what is in a translator's domain already."""
        again = self.translated(*self.parted(samples), batch, training)
        terms: Terms = {"cycle": (self.cycle, self.error(again, batch))}
        if self.identity:
            same = self.translated(batch["other"], batch["data"], batch, training)
            terms["identity"] = (self.cycle * self.identity, self.error(same, batch))
        return terms

    def error(self, both: Any, batch: Batch) -> Any:
        """The mean absolute errors of data and of other, added."""
        pairs = zip(self.parted(both), (batch["data"], batch["other"]), strict=True)
        return sum(losses.mean_absolute_error(real, made) for made, real in pairs)

    def uses(self) -> dict[str, Use]:
        """`translate` and `translate_back`, `cycle` there and back, and `discriminate_other`."""
        forth, back = Step("translator"), Step("back_translator")
        there_and_back = Step("back_translator", {"other": "translator/other"})
        return super().uses() | {
            "translate": Use([forth], {"other": "translator/other"}),
            "translate_back": Use([back], {"data": "back_translator/data"}),
            "cycle": Use([forth, there_and_back], {"data": "back_translator/data"}),
            "discriminate_other": Use(
                [Step("other_discriminator")], {"logit": "other_discriminator/logit"}
            ),
        }
