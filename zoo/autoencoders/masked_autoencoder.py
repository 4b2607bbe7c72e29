"""An autoencoder that sees a quarter of the patches, and makes the others."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers, ops

from zoo.model import GenerativeModel, Rate
from zoo.model.parts import compose
from zoo.networks import apply, attention, masked
from zoo.networks.style import Trace
from zoo.noise import uniform
from zoo.phase import Batch, Logs, Phase
from zoo.precision import precise, precise_dtype
from zoo.settings import setting
from zoo.uses import Step, Use


class MaskedAutoencoder(GenerativeModel):
    """Masked autoencoder (He et al., 2021, arXiv:2111.06377).

    A transformer encodes the patches that it sees, of each row others; a narrower one reads them
    and a learned vector in the place of each hidden patch, and makes all patches. The loss is the
    squared error of the hidden ones. A code is the mean of the encoder's tokens of whole data.
    Positions are learned, and start as sines and cosines, which stay in the paper; there is no
    class token, and the optimizer is Adam. Data whose sizes are no multiples of a patch are
    extended with zeros, which count.
    """

    accepts = ("sequence", "image")
    output = "clip"

    mask_ratio: float = setting("Share of the hidden patches.", default=0.75, above=0, below=1)
    normalized_targets: bool = setting(
        "Whether each patch is learned less its mean, over its deviation, which makes better codes "
        "in the paper; what is made cannot be shown then.",
        default=False,
    )
    width: int = setting("Channels of the encoder's tokens.", default=96, at_least=1, tiny=4)
    depth: int = setting("Blocks of the encoder.", default=4, at_least=1, tiny=1)
    decoder_width: int = setting(
        "Channels of the decoder's tokens.", default=64, at_least=1, tiny=4
    )
    decoder_depth: int = setting("Blocks of the decoder.", default=2, at_least=1, tiny=1)
    num_heads: int = setting(
        "Of each attention; they share the width.", default=4, at_least=1, tiny=2
    )
    patch: int | None = setting(
        "Pixels along each side of a patch, by default a power of two that leaves seven along the "
        "shorter side, from 2 to 16; or steps of a sequence, by default 1.",
        default=None,
        at_least=1,
    )
    learning_rate: Rate = setting("Of Adam.", default=1e-3, above=0)

    def assemble(self) -> None:
        self.patch_size = masked.patch_of(self.shape, self.patch)
        self.tokens = masked.tokens_of(self.shape, self.patch_size)
        self.require(self.tokens > 1, "data have two patches or more", patch=self.patch_size)
        self.visible = min(max(round(self.tokens * (1 - self.mask_ratio)), 1), self.tokens - 1)
        self.make_networks()
        self.noise = {"order": uniform(self.tokens)}
        if not self.normalized_targets:
            self.masking, self.patch_mask = self.make_masking(), self.make_patch_mask()
            self.composer = compose(self.shape)
        self.pictured = () if self.normalized_targets else ("complete",)
        optimizer = keras.optimizers.Adam(self.learning_rate, beta_2=0.95)
        self.phases = [Phase(self.masked_loss, [self.learner], optimizer)]

    def make_networks(self) -> None:
        """The same layers in three forms: in training, for any hidden patches, and for none."""
        trace = Trace("masked")
        options: dict[str, Any] = {"num_heads": self.num_heads, "patch": self.patch_size}
        narrow = attention.Options(
            width=self.decoder_width, depth=self.decoder_depth, trace=trace, **options
        )
        wide = attention.Options(width=self.width, depth=self.depth, trace=trace, **options)
        data = keras.Input(self.shape, name="data")

        def made(found: Any, hidden: Any) -> Any:
            found = masked.decode(found, hidden, self.shape, narrow, first=self.depth)
            return layers.Activation("linear", dtype=precise_dtype())(found)

        rows = keras.Input((self.visible, self.tokens), name="rows")
        placed = masked.in_places(masked.encode(data, wide, rows=rows), rows)
        read = {"data": data, "rows": rows}
        self.learner = keras.Model(read, {"patches": made(*placed)}, name="learner")
        split = {"patches": attention.split(data, self.patch_size)}
        self.splitter = keras.Model({"data": data}, split, name="splitter")
        trace.deploy()
        hidden = keras.Input((self.tokens,), name="hidden")
        unseen = ops.cast(hidden > 0.5, precise_dtype())
        patches = made(masked.encode(data, wide, hidden=unseen), unseen)
        drawn = attention.join(patches, self.shape, self.patch_size)
        drawn = ops.clip(drawn, *self.value_range) if self.value_range else drawn
        read = {"data": data, "hidden": hidden}
        self.completer = keras.Model(read, {"made": drawn}, name="completer")
        trace.deploy()
        found = precise(masked.encode(data, wide))
        codes = {"code": ops.mean(found, axis=1), "tokens": found}
        self.encoder = keras.Model({"data": data}, codes, name="encoder")

    def make_masking(self) -> keras.Model:
        """`data` and `order`, a number of each patch → `hidden`, `mask` and `seen`.

        The patches of the smallest numbers are visible; the hidden ones are grey in `seen`.
        """
        data, order = (
            keras.Input(self.shape, name="data"),
            keras.Input((self.tokens,), name="order"),
        )
        last = ops.sort(order, axis=1)[:, self.visible - 1 : self.visible]
        hidden = ops.cast(order > last, precise_dtype())
        per_patch = layers.RepeatVector(self.patch_size ** (len(self.shape) - 1))(hidden)
        space = (*self.shape[:-1], 1)
        mask = attention.join(layers.Permute((2, 1))(per_patch), space, self.patch_size)
        middle = 0.0 if self.value_range is None else math.fsum(self.value_range) / 2
        outputs = {"hidden": hidden, "mask": mask, "seen": data + mask * (middle - data)}
        return keras.Model({"data": data, "order": order}, outputs, name="masking")

    def make_patch_mask(self) -> keras.Model:
        """`mask` `(batch, …, 1)` → `hidden`: the patches that lack anything are hidden."""
        mask = keras.Input((*self.shape[:-1], 1), name="mask")
        most = ops.max(attention.split(mask, self.patch_size), axis=-1)
        hidden = ops.cast(most > 0, precise_dtype())
        return keras.Model({"mask": mask}, {"hidden": hidden}, name="patch_mask")

    def rows(self, order: Any) -> Any:
        """The patches of the smallest numbers, as one-hot rows `(batch, visible, patches)`."""
        chosen = ops.argsort(order, axis=1)[:, : self.visible]
        return ops.one_hot(chosen, self.tokens, dtype=precise_dtype())

    def targets(self, data: Any) -> Any:
        """The patches of data `(batch, patches, values)`, each normalized where the setting is."""
        patches = precise(apply(self.splitter, {"data": data})["patches"])
        if not self.normalized_targets:
            return patches
        centred = patches - ops.mean(patches, axis=-1, keepdims=True)
        return centred * ops.rsqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + 1e-6)

    def masked_loss(self, batch: Batch, training: bool) -> Logs:
        """The mean squared error of the hidden patches."""
        rows = self.rows(batch["order"])
        made = apply(self.learner, {"data": batch["data"], "rows": rows}, training)["patches"]
        errors = ops.mean(ops.square(precise(made) - self.targets(batch["data"])), axis=-1)
        hidden = 1 - ops.sum(rows, axis=1)
        return {"loss": ops.sum(hidden * errors) / ops.sum(hidden)}

    def uses(self) -> dict[str, Use]:
        """`complete`, of data whose patches are hidden at random, and `inpaint`, of a hole."""
        if self.normalized_targets:
            return super().uses()
        completer = Step("completer", {"hidden": "masking/hidden"})
        compose_all = {"mask": "masking/mask", "made": "completer/made"}
        complete = Use(
            [Step("masking"), completer, Step("composer", compose_all)],
            {"seen": "masking/seen", "completed": "composer/filled"},
            dict(self.noise),
        )
        steps = [
            Step("patch_mask"),
            Step("completer", {"hidden": "patch_mask/hidden"}),
            Step("composer", {"made": "completer/made"}),
        ]
        inpaint = Use(steps, {"filled": "composer/filled"})
        return super().uses() | {"complete": complete, "inpaint": inpaint}
