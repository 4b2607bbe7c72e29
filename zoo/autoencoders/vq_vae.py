"""Discrete codes, from a learned codebook or by rounding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import keras

from zoo import losses
from zoo.data.facts import scaled_variance
from zoo.layers import (
    Codebook,
    CosineCodebook,
    FiniteScalar,
    Lookup,
    LookupFree,
    Quantizer,
    Residual,
    SimCodebook,
)
from zoo.model import GenerativeModel, Rate
from zoo.networks import apply
from zoo.noise import uniform
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting

Kind = Literal["codebook", "cosine", "sim", "residual", "finite_scalar", "lookup_free"]


class VQVAE(GenerativeModel):
    """Vector-quantised VAE (van den Oord et al., 2017, arXiv:1711.00937).

    The encoder's vectors are replaced by the nearest of a codebook, which learns by moving
    averages (appendix A.1); the decoder's gradient passes straight through to the encoder, and a
    commitment term keeps the encoder near what it chose. The decoder is linear in training, as in
    the authors' code, and cut to the data's range in use. Vectors of the codebook that data seldom
    choose are put where data are (`revive_below`), which the paper does not do.

    Other quantizers are `cosine` (arXiv:2110.04627), `sim` (SimVQ, arXiv:2411.02038), `residual`
    (RQ-VAE, Lee et al., 2022, arXiv:2203.01941), and without a codebook `finite_scalar` (FSQ,
    Mentzer et al., 2023, arXiv:2309.15505) and `lookup_free` (LFQ, arXiv:2310.05737): what each
    adds to the loss is in `zoo.layers`. The log `perplexity` tells how many indices are in use.
    """

    accepts = ("sequence", "image")
    output = "clip"

    quantizer: Kind = setting("What turns vectors into indices.", default="codebook")
    codebook_size: int = setting(
        "Number of vectors in the codebook; of lookup_free, of indices: a power of two.",
        default=512,
        at_least=1,
        tiny=16,
    )
    codebook_dim: int = setting(
        "Their length; finite_scalar and lookup_free decide it themselves.",
        default=64,
        at_least=1,
        tiny=4,
    )
    levels: tuple[int, ...] = setting(
        "Of each number of a vector, for finite_scalar.",
        default=(8, 5, 5, 5),
        at_least=2,
        tiny=(5, 4),
    )
    residual_depth: int = setting(
        "Indices of each vector, for residual.", default=4, at_least=1, tiny=2
    )
    commitment: float = setting(
        "Weight of the commitment term, β in the paper.", default=0.25, at_least=0
    )
    decay: float = setting("Of the codebook's moving averages.", default=0.99, at_least=0, below=1)
    revive_below: float | None = setting(
        "Share of the mean use below which a vector of a codebook with moving averages is dead and "
        "revived; None for never.",
        default=0.1,
        above=0,
        at_most=0.5,
    )
    entropy_weight: float = setting("Of the entropy term of lookup_free.", default=0.1, at_least=0)
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
        options = self.family | {name: self.settings[name] for name in names}
        return {"to_vectors": options, "from_vectors": options}

    @property
    def family(self) -> dict[str, Any]:
        """The networks' family. Numbers that are all small would round to 0, and stay there."""
        normalized = self.quantizer == "finite_scalar"
        return {"network": "vq", "normalization": "layer" if normalized else None}

    def assemble(self) -> None:
        self.codebook = self.make_quantizer()
        self.to_vectors = self.encoder_of("to_vectors", vectors=self.vector_channels)
        vectors = self.to_vectors.output["vectors"]
        self.require(
            vectors.shape[-1] == self.codebook.dim,
            "the map of to_vectors has codebook_dim channels",
            channels=vectors.shape[-1],
            codebook_dim=self.codebook.dim,
        )
        from_vectors, self.from_vectors = self.decoder_of("from_vectors", latent=vectors.shape[1:])
        code = self.codebook(vectors)
        self.encoder = keras.Model(self.to_vectors.input, {"code": code}, name="encoder")
        indices = keras.Input(code.shape[1:], dtype="int32", name="latent")
        read = {**from_vectors.input, "latent": indices}
        made = from_vectors({**read, "latent": Lookup(self.codebook)(indices)})
        self.decoder = keras.Model(read, made, name="decoder")
        if self.moves and self.revive_below is not None:
            self.noise = {"order": uniform(*code.shape[1:])}
        networks = [self.encoder, self.from_vectors]
        optimizer = keras.optimizers.Adam(self.learning_rate)
        self.phases = [Phase(self.autoencoder_loss, networks, optimizer)]

    @property
    def vector_channels(self) -> int | None:
        """Channels of the encoder's map; None where a network of the user's own decides them."""
        return self.codebook.dim

    @property
    def num_indices(self) -> int:
        """How many values an index has."""
        return self.codebook.size

    @property
    def moves(self) -> bool:
        """Whether a codebook learns by moving averages."""
        return self.quantizer in ("codebook", "cosine", "residual")

    def make_quantizer(self, name: str = "codebook") -> Quantizer:
        """The layer that turns vectors into indices."""
        size, dim = self.codebook_size, self.codebook_dim
        moving: dict[str, Any] = {"decay": self.decay, "revive_below": self.revive_below}
        match self.quantizer:
            case "finite_scalar":
                return FiniteScalar(self.levels, name=name)
            case "lookup_free":
                power = size > 1 and size & (size - 1) == 0
                self.require(power, "lookup_free needs a power of two", codebook_size=size)
                return LookupFree(size, name=name)
            case "sim":
                return SimCodebook(size, dim, name=name)
            case "cosine":
                return CosineCodebook(size, dim, **moving, name=name)
            case "residual":
                codebook = Codebook(size, dim, **moving, name=f"{name}_vectors")
                return Residual(codebook, self.residual_depth, name=name)
        return Codebook(size, dim, **moving, name=name)

    @classmethod
    def facts(cls, data: Any) -> dict[str, Any]:
        """The settings that data decide: also the variance of the scaled data."""
        found = super().facts(data)
        value_range = found.get("value_range", cls.fields["value_range"].default)
        return found | {"data_variance": scaled_variance(data, value_range)}

    def autoencoder_loss(self, batch: Batch, training: bool) -> Logs:
        """Reconstruction and the quantizer's terms; training moves the codebook as well."""
        vectors = apply(self.to_vectors, batch, training)["vectors"]
        read, indices, penalties = self.codebook.pass_through(vectors)
        outputs = apply(self.from_vectors, batch | {"latent": read}, training)["data"]
        reconstruction = losses.mean_squared_error(batch["data"], outputs) / self.data_variance
        if training:
            self.codebook.update(vectors, indices, batch.get("order"))
        return {
            "loss": reconstruction + self.weighted(penalties),
            "reconstruction": reconstruction,
            **penalties,
            "perplexity": losses.perplexity(indices, self.codebook.size),
        }

    def weighted(self, penalties: Logs) -> Any:
        """The sum of a quantizer's terms in the loss."""
        weights = {"commitment": self.commitment, "entropy": self.entropy_weight, "codebook": 1.0}
        return sum(weights[name] * value for name, value in penalties.items())
