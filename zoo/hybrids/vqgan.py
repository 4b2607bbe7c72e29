"""Discrete codes of images, decoded sharply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from zoo import losses
from zoo.autoencoders.vq_vae import VQVAE
from zoo.hybrids.patch_adversarial import PatchAdversarial
from zoo.networks import apply
from zoo.phase import Batch, Logs
from zoo.settings import setting


class VQGAN(PatchAdversarial, VQVAE):
    """VQGAN (Esser et al., 2020, arXiv:2012.09841, section 3.1).

    The autoencoder of VQ-VAE, with any of its quantizers, trained for the mean absolute error, a
    perceptual distance and a game of patches in the place of the squared error. The codebook learns
    by moving averages, where the authors' learns by gradients; the networks are those of VQ-VAE.
    """

    value_range = (-1.0, 1.0)
    to_vectors: keras.Model = setting("Data → vectors, a map of codebook_dim.", default=None)
    from_vectors: keras.Model = setting(
        "Latent, such a map → data, without an output activation.", default=None
    )

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Those of VQ-VAE, and the discriminator's."""
        return {**super().network_defaults, "discriminator": self.discriminator_options}

    @property
    def vector_channels(self) -> int | None:
        """As of VQ-VAE; a network of the user's own brings a map of its own channels."""
        return super().vector_channels if self.settings["to_vectors"] is None else None

    def assemble(self) -> None:
        super().assemble()
        self.make_judges(self.from_vectors)
        self.phases = [*self.phases, self.discriminator_phase()]

    def rebuild(self, batch: Batch, training: bool) -> tuple[Any, Any, Logs]:
        """The vectors that are chosen, and the quantizer's terms; training moves the codebook."""
        vectors = apply(self.to_vectors, batch, training)["vectors"]
        read, indices, penalties = self.codebook.pass_through(vectors)
        if training:
            self.codebook.update(vectors, indices, batch.get("order"))
        perplexity = losses.perplexity(indices, self.codebook.size)
        return read, self.weighted(penalties), {**penalties, "perplexity": perplexity}
