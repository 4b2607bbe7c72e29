"""Multi-head self-attention between tokens, in encoder and decoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers, ops

from zoo.autoencoders.base import Autoencoder
from zoo.networks import attention
from zoo.precision import precise
from zoo.settings import setting
from zoo.uses import Step, Use


class AttentionAutoencoder(Autoencoder):
    """Autoencoder of transformer blocks (Vaswani et al., 2017, arXiv:1706.03762).

    The tokens are patches of images (Dosovitskiy et al., 2020, arXiv:2010.11929), or steps of
    sequences. Each attends to all the others, in the encoder and in the decoder; the code is a
    linear function of the encoder's tokens. The part `attention` shows what the encoder looks at.
    """

    accepts = ("sequence", "image")

    latent_dim: int = setting("Length of the code.", default=32, at_least=1, tiny=4)
    width: int = setting("Channels of a token.", default=64, at_least=1, tiny=4)
    depth: int = setting("Blocks on either side.", default=2, at_least=1, tiny=1)
    num_heads: int = setting(
        "Of each attention; they share the width.", default=4, at_least=1, tiny=2
    )
    patch: int | None = setting(
        "Pixels along each side of a token, by default 4; or steps of a sequence, by default 1.",
        default=None,
        at_least=1,
    )

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The family, and its size."""
        names = ("width", "depth", "num_heads", "patch")
        options = {"network": "attention"} | {name: self.settings[name] for name in names}
        return {"encoder": options, "decoder": options}

    def assemble(self) -> None:
        super().assemble()
        if self.settings["encoder"] is None:
            self.attention = self.make_attention()
            self.pictured = ("reconstruct", "attend")

    def make_encoder(self) -> keras.Model:
        """`data` → `code`."""
        return self.encoder_of(code=self.latent_dim)

    def make_attention(self) -> keras.Model:
        """`data` → `weights` and `map`.

        The weights are `(batch, blocks, heads, tokens, tokens)`; those of a query sum to 1. The map
        has the data's shape: how much attention each patch gets from all of them, in all heads and
        blocks, where the patch that gets most has 1.
        """
        names = [attention.ATTENTION.format(block) for block in range(self.depth)]
        found = [self.encoder.get_layer(name).output for name in names]
        weights = precise(ops.stack(found, axis=1))
        received = ops.mean(weights, axis=(1, 2, 3))
        brightness = received / ops.max(received, axis=-1, keepdims=True)
        patch = attention.patch_of(self.shape, self.patch)
        values = patch ** (len(self.shape) - 1) * self.shape[-1]
        patches = layers.RepeatVector(values)(brightness)
        shown = attention.join(layers.Permute((2, 1))(patches), self.shape, patch)
        return keras.Model(self.encoder.input, {"weights": weights, "map": shown}, name="attention")

    def uses(self) -> dict[str, Use]:
        """Also `attend`: what the encoder looks at."""
        if not hasattr(self, "attention"):
            return super().uses()
        gives = {"weights": "attention/weights", "map": "attention/map"}
        return super().uses() | {"attend": Use([Step("attention")], gives)}
