"""A discriminator of several samples at once, which sees that they are all alike."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from zoo.gans.base import Adversarial, Side
from zoo.networks import apply, masks
from zoo.phase import Batch, Logs
from zoo.settings import setting
from zoo.uses import Use


class PacGAN(Adversarial):
    """Packed GAN (Lin et al., 2017, arXiv:1712.04086).

    The discriminator reads `packing` data, or as many samples, side by side in their channels, and
    tells whether the pack is real. Rows that are left over make no pack.
    """

    packing: int = setting("Rows of a pack, m in the paper.", default=2, at_least=1)
    discriminator: keras.Model = setting("Packed data → logit.", default=None)

    def make_discriminator(self) -> None:
        """A network that reads `packed`."""
        self.require(
            self.num_classes is None,
            "num_classes is for models whose networks read labels, and a pack has several",
            num_classes=self.num_classes,
        )
        *sizes, channels = self.seen_shape
        reads = {"packed": (*sizes, self.packing * channels)}
        self.discriminator = self.encoder_of(
            "discriminator", reads, features=bool(self.feature_matching), logit=1
        )

    def pack(self, data: Any) -> Any:
        """Rows `(batch, …, channels)` as packs `(batch // m, …, m·channels)`.

        A batch of fewer than m rows is one pack, in which they come again.
        """
        count = max(1, data.shape[0] // self.packing)
        while data.shape[0] < self.packing:
            data = ops.concatenate([data, data])
        parts = ops.split(data[: count * self.packing], self.packing)
        return ops.concatenate(parts, axis=-1)

    def discriminate(self, data: Any, batch: Batch, training: bool, side: Side) -> Logs:
        """The discriminator's outputs for the packs of data or samples."""
        packed = self.pack(self.view(data, batch, side))
        dropped = self._dropped(batch, packed.shape[0], side) if training else {}
        return apply(self.discriminator_network, {"packed": packed, **dropped}, training)

    def _dropped(self, batch: Batch, count: int, side: Side) -> Batch:
        """What dropout leaves of each pack: a batch has a mask for each row, more than packs."""
        found = {name: batch[name] for name in masks(self.discriminator_network)}
        for name, rows in found.items():
            first = count if side == "fake" and 2 * count <= rows.shape[0] else 0
            found[name] = rows[first : first + count]
        return found

    def slope(self, point: Any, batch: Batch, training: bool, side: Side) -> Any:
        """The gradient of the logit by each pack."""
        return self.pack(super().slope(point, batch, training, side))

    def uses(self) -> dict[str, Use]:
        """Without `discriminate`: a datum by itself is no pack."""
        table = super().uses()
        del table["discriminate"]
        return table
