"""Discrete codes from a learned codebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.data.facts import scaled_variance
from zoo.layers import Codebook, Lookup
from zoo.model import GenerativeModel, Rate
from zoo.networks import apply
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting


class VQVAE(GenerativeModel):
    """Vector-quantised VAE (van den Oord et al., 2017, arXiv:1711.00937).

    The encoder's vectors are replaced by the nearest of a codebook, which learns by moving
    averages (appendix A.1); the decoder's gradient passes straight through to the encoder, and a
    commitment term keeps the encoder near what it chose. The decoder is linear in training, as in
    the authors' code, and cut to the data's range in use.
    """

    accepts = ("sequence", "image")
    output = "clip"

    codebook_size: int = setting(
        "Number of vectors in the codebook.", default=512, at_least=1, tiny=16
    )
    codebook_dim: int = setting("Their length.", default=64, at_least=1, tiny=4)
    commitment: float = setting(
        "Weight of the commitment term, β in the paper.", default=0.25, at_least=0
    )
    decay: float = setting("Of the codebook's moving averages.", default=0.99, at_least=0, below=1)
    data_variance: float = setting(
        "What squared errors are divided by: the variance of the scaled data.", default=1.0, above=0
    )
    width: int = setting("Channels of the hidden layers.", default=128, at_least=2, tiny=4)
    depth: int = setting("How often the size is halved.", default=2, at_least=0)
    residual_width: int = setting(
        "Channels inside the residual blocks.", default=32, at_least=1, tiny=4
    )
    num_residual_blocks: int = setting(
        "Residual blocks on either side.", default=2, at_least=0, tiny=1
    )
    learning_rate: Rate = setting("Of Adam.", default=3e-4, above=0)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The family, and its size."""
        names = ("width", "depth", "residual_width", "num_residual_blocks")
        options = {"network": "vq"} | {name: self.settings[name] for name in names}
        return {"to_vectors": options, "from_vectors": options}

    def assemble(self) -> None:
        self.to_vectors = self.encoder_of("to_vectors", vectors=self.codebook_dim)
        vectors = self.to_vectors.output["vectors"]
        from_vectors, self.from_vectors = self.decoder_of("from_vectors", latent=vectors.shape[1:])
        self.codebook = Codebook(
            self.codebook_size, self.codebook_dim, decay=self.decay, name="codebook"
        )
        code = self.codebook(vectors)
        self.encoder = keras.Model(self.to_vectors.input, {"code": code}, name="encoder")
        indices = keras.Input(code.shape[1:], dtype="int32", name="latent")
        read = {**from_vectors.input, "latent": indices}
        made = from_vectors({**read, "latent": Lookup(self.codebook)(indices)})
        self.decoder = keras.Model(read, made, name="decoder")
        networks = [self.to_vectors, self.from_vectors]
        optimizer = keras.optimizers.Adam(self.learning_rate)
        self.phases = [Phase(self.autoencoder_loss, networks, optimizer)]

    @classmethod
    def facts(cls, data: Any) -> dict[str, Any]:
        """What the data decide: also the variance of the scaled data."""
        found = super().facts(data)
        value_range = found.get("value_range", cls.fields["value_range"].default)
        return found | {"data_variance": scaled_variance(data, value_range)}

    def autoencoder_loss(self, batch: Batch, training: bool) -> Logs:
        """Reconstruction and commitment; training moves the codebook as well."""
        vectors = apply(self.to_vectors, batch, training)["vectors"]
        indices = self.codebook(ops.stop_gradient(vectors))
        chosen = ops.stop_gradient(self.codebook.lookup(indices))
        straight_through = vectors + ops.stop_gradient(chosen - vectors)
        read = batch | {"latent": straight_through}
        outputs = apply(self.from_vectors, read, training)["data"]
        reconstruction = losses.mean_squared_error(batch["data"], outputs) / self.data_variance
        commitment = losses.mean_squared_error(vectors, chosen)
        if training:
            self.codebook.update(vectors, indices)
        return {
            "loss": reconstruction + self.commitment * commitment,
            "reconstruction": reconstruction,
            "commitment": commitment,
            "perplexity": losses.perplexity(indices, self.codebook_size),
        }
