"""A model that fills a hole from its surroundings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops

from zoo import losses
from zoo.gans.base import Adversarial, with_terms
from zoo.model.parts import compose
from zoo.networks import apply
from zoo.noise import uniform
from zoo.phase import Batch, Logs
from zoo.precision import precise, precise_dtype
from zoo.settings import setting
from zoo.uses import Step, Use


class ContextEncoder(Adversarial):
    """Context encoder (Pathak et al., 2016, arXiv:1604.07379).

    The network reads data without the hole, and where the hole is, through a bottleneck; it
    minimises reconstruction·‖hole·(data − made)‖² / ‖hole‖ + the adversarial loss, whose weights
    are 0.999 and 0.001 in the paper. The hole is a block, at the centre or anywhere. The paper's
    discriminator sees what is made in a central hole alone; this one sees it in its place.
    """

    accepts = ("sequence", "image")
    latent_dim: int = setting("Length of the bottleneck.", default=256, at_least=1, tiny=4)
    hole: float = setting(
        "Side of the hole, as a share of the data's.", default=0.5, above=0, at_most=1
    )
    position: Literal["centre", "random"] = setting("Where the hole is.", default="centre")
    reconstruction: float = setting(
        "Weight of the squared error within the hole.", default=999.0, at_least=0
    )
    reader: keras.Model = setting("Data without the hole and the hole → code.", default=None)
    painter: keras.Model = setting(
        "Code, as latent → data, without an output activation.", default=None
    )
    pictured = ("inpaint",)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Those of every GAN; the reader is of the discriminator's kind."""
        found = super().network_defaults
        reader = {**found["generator"], "activation": "leaky_relu"}
        return {"reader": reader, "painter": found["generator"], **found}

    def make_generator(self) -> None:
        """The network that takes the hole out, reads, and paints."""
        self.masker = _masker(self.shape, self.value_range)
        self.composer = compose(self.shape)
        seen = self.masker.output["seen"].shape[1:]
        self.reader = self.encoder_of("reader", {"seen": tuple(seen)}, code=self.latent_dim)
        self.painter, _ = self.decoder_of("painter", latent=self.latent_dim)
        self.prior = {} if self.position == "centre" else {"corner": uniform(len(self.shape) - 1)}

    @property
    def generator_networks(self) -> list[keras.Model]:
        """Reader and painter."""
        return [self.reader, self.painter]

    def mask(self, batch: Batch) -> Any:
        """1 within the hole of each row `(batch, …, 1)`."""
        masks: Any = 1.0
        space = self.shape[:-1]
        for axis, size in enumerate(space):
            side = max(1, round(self.hole * size))
            first = ops.cast((size - side) // 2, precise_dtype())
            if self.position == "random":
                first = ops.floor(precise(batch["corner"])[:, axis : axis + 1] * (size - side + 1))
            places = ops.arange(size, dtype=precise_dtype())
            inside = ops.logical_and(places >= first, places < first + side)
            shape = [-1, *(size if a == axis else 1 for a in range(len(space))), 1]
            masks = masks * ops.reshape(precise(inside), shape)
        return masks + ops.zeros_like(batch["data"][..., :1])

    def beside(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """The mask of a hole in the middle of each row."""
        middle = np.full((len(batch["data"]), len(self.shape) - 1), 0.5, "float32")
        placed = {"data": ops.convert_to_tensor(batch["data"])}
        return {"mask": ops.convert_to_numpy(self.mask(placed | {"corner": middle}))}

    def paint(self, batch: Batch, training: bool) -> tuple[Any, Any]:
        """The hole of each row, and what is made of the rest."""
        mask = self.mask(batch)
        seen = apply(self.masker, batch | {"mask": mask})
        code = apply(self.reader, batch | seen, training)["code"]
        return mask, apply(self.painter, batch | {"latent": code}, training)["data"]

    def generate(self, batch: Batch, training: bool) -> Any:
        """Data with what is made in their holes."""
        mask, made = self.paint(batch, training)
        return batch["data"] + mask * (made - batch["data"])

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """The squared error within the hole, and the generator's side of the game."""
        mask, made = self.paint(batch, training)
        filled = batch["data"] + mask * (made - batch["data"])
        fake = self.discriminate(filled, batch, training, "fake")["logit"]
        if self.game.compares:
            real = self.discriminate(batch["data"], batch, training, "real")["logit"]
            loss = self.game.generator(real, fake)
        else:
            loss = self.game.generator(losses.top(fake, self.top_k))
        squares = precise(mask) * ops.square(precise(made) - precise(batch["data"]))
        error = ops.sum(squares) / (ops.sum(precise(mask)) * self.shape[-1])
        terms = {"reconstruction": (self.reconstruction, error)}
        return with_terms(loss, terms | self.weight_terms())

    def uses(self) -> dict[str, Use]:
        """`inpaint`, of data and the mask of a hole, 1 where they are missing."""
        steps = [
            Step("masker"),
            Step("reader", {"seen": "masker/seen"}),
            Step("painter", {"latent": "reader/code"}),
            Step("composer", {"made": "painter/data"}),
        ]
        return super().uses() | {"inpaint": Use(steps, {"filled": "composer/filled"})}


def _mask_of(shape: tuple[int, ...]) -> Any:
    return keras.Input((*shape[:-1], 1), name="mask")


def _masker(shape: tuple[int, ...], value_range: Any) -> keras.Model:
    """`data` and `mask` → `seen`: data that are in the middle of their range in the hole; mask."""
    data, mask = keras.Input(shape, name="data"), _mask_of(shape)
    middle = 0.0 if value_range is None else math.fsum(value_range) / 2
    seen = layers.Concatenate()([data + mask * (middle - data), mask])
    return keras.Model({"data": data, "mask": mask}, {"seen": seen}, name="masker")
