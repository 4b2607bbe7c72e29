"""Discrete codes of two sizes: a small map of the whole, and a larger one of the details."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.autoencoders.vq_vae import VQVAE
from zoo.layers import Lookup, Quantizer
from zoo.networks import apply
from zoo.networks.blocks import SMALLEST
from zoo.noise import uniform
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting

Call = Callable[[keras.Model, Mapping[str, Any]], Mapping[str, Any]]
Read = Callable[[Quantizer, Any], Any]


class VQVAE2(VQVAE):
    """VQ-VAE-2 of two levels (Razavi et al., 2019, arXiv:1906.00446).

    The data become a map, and this a smaller one, whose vectors are quantized: the top. The bottom
    quantizes the map given the top; the decoder reads both. A code is one row of indices, those of
    the top first. The paper samples from a prior over codes: `fit_prior` with `autoregressive`.
    """

    depth: int | None = setting(  # type: ignore[assignment]
        "Halvings from the data to the bottom, which the top halves once more; by default 2, or as "
        "many as leave the bottom a size of 4.",
        default=None,
        at_least=0,
    )

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The family of each network, and its size."""
        names = ("width", "residual_width", "num_residual_blocks")
        options = self.family | {name: self.settings[name] for name in names}
        deepest = max((min(self.shape[:-1]) - 1) // (SMALLEST - 1), 1).bit_length() - 1
        depth = min(2, deepest) if self.depth is None else self.depth
        outer, middle = options | {"depth": depth}, options | {"depth": 1}
        return {
            "to_map": outer,
            "from_vectors": outer,
            "to_top": middle,
            "from_top": middle,
            "to_bottom": options | {"depth": 0, "num_residual_blocks": 0},
            "upsample": middle | {"num_residual_blocks": 0},
        }

    @property
    def num_indices(self) -> int:
        """How many values an index has, at either level."""
        return self.bottom.size

    def assemble(self) -> None:
        self.top, self.bottom = (self.make_quantizer(name) for name in ("top", "bottom"))
        self.to_map = self.encoder_of("to_map", map=None)
        found = tuple(self.to_map.output["map"].shape[1:])
        self.to_top = self.encoder_of("to_top", {"map": found}, vectors=self.top.dim)
        above = self.to_top.output["vectors"].shape[1:]
        _, self.from_top = self.decoder_of("from_top", latent=above, makes="map", shape=found)
        self.to_bottom = self.encoder_of(
            "to_bottom", {"map": found, "above": found}, vectors=self.bottom.dim
        )
        space = found[:-1]
        _, self.upsample = self.decoder_of(
            "upsample", latent=above, makes="map", shape=(*space, self.top.dim)
        )
        from_vectors, self.from_vectors = self.decoder_of(
            "from_vectors", latent=(*space, self.top.dim + self.bottom.dim)
        )
        self.encoder, shapes = self.make_encoder()
        self.decoder = self.make_decoder(from_vectors, shapes)
        if self.moves and self.revive_below is not None:
            names = ("top_order", "bottom_order")
            self.noise = {n: uniform(*s) for n, s in zip(names, shapes, strict=True)}
        optimizer = keras.optimizers.Adam(self.learning_rate)
        networks = [self.encoder, self.upsample, self.from_vectors]
        self.phases = [Phase(self.autoencoder_loss, networks, optimizer)]

    def make_encoder(self) -> tuple[keras.Model, list[tuple[int, ...]]]:
        """`data` → `code`, and the shapes of the indices of both levels."""
        indices = []

        def read(quantizer: Quantizer, vectors: Any) -> Any:
            indices.append(quantizer(vectors))
            return Lookup(quantizer)(indices[-1])

        self.coded(self.to_map.input, _called, read)
        shapes = [tuple(x.shape[1:]) for x in indices]
        flat = [ops.reshape(x, (-1, math.prod(x.shape[1:]))) for x in indices]
        code = ops.concatenate(flat, axis=1)
        return keras.Model(self.to_map.input, {"code": code}, name="encoder"), shapes

    def make_decoder(self, from_vectors: keras.Model, shapes: list[tuple[int, ...]]) -> keras.Model:
        """`latent`, the indices of both levels → `data`."""
        top, bottom = (math.prod(shape) for shape in shapes)
        latent = keras.Input((top + bottom,), dtype="int32", name="latent")
        pieces = (latent[:, :top], latent[:, top:])
        levels = zip((self.top, self.bottom), pieces, shapes, strict=True)
        upper, lower = (Lookup(q)(ops.reshape(x, (-1, *shape))) for q, x, shape in levels)
        read = {**from_vectors.input, "latent": latent}
        made = self.decoded(read, _called, upper, lower, from_vectors)
        return keras.Model(read, {"data": made}, name="decoder")

    def coded(self, values: Mapping[str, Any], call: Call, read: Read) -> tuple[Any, Any]:
        """The vectors of both levels that the decoder reads.

        Args:
            values: The data, and labels where the networks read them.
            call: Calls a network.
            read: Gives the quantized vectors of vectors.
        """
        found = call(self.to_map, values)["map"]
        top = read(self.top, call(self.to_top, {**values, "map": found})["vectors"])
        above = call(self.from_top, {**values, "latent": top})["map"]
        both = {**values, "map": found, "above": above}
        return top, read(self.bottom, call(self.to_bottom, both)["vectors"])

    def decoded(
        self, values: Mapping[str, Any], call: Call, top: Any, bottom: Any, last: keras.Model
    ) -> Any:
        """The output of the last network for the vectors of both levels."""
        larger = call(self.upsample, {**values, "latent": top})["map"]
        vectors = ops.concatenate([larger, bottom], axis=-1)
        return call(last, {**values, "latent": vectors})["data"]

    def autoencoder_loss(self, batch: Batch, training: bool) -> Logs:
        """Reconstruction and both quantizers' terms; training moves their codebooks as well."""
        logs: Logs = {}
        added: list[Any] = []

        def call(network: keras.Model, values: Mapping[str, Any]) -> Mapping[str, Any]:
            return apply(network, values, training)

        def read(quantizer: Quantizer, vectors: Any) -> Any:
            straight_through, indices, penalties = quantizer.pass_through(vectors)
            if training:
                quantizer.update(vectors, indices, batch.get(f"{quantizer.name}_order"))
            added.append(self.weighted(penalties))
            logs[f"{quantizer.name}_perplexity"] = losses.perplexity(indices, quantizer.size)
            return straight_through

        outputs = self.decoded(batch, call, *self.coded(batch, call, read), self.from_vectors)
        reconstruction = losses.mean_squared_error(batch["data"], outputs) / self.data_variance
        return {"loss": reconstruction + sum(added), "reconstruction": reconstruction, **logs}


def _called(network: keras.Model, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Calls a network while models are made."""
    return network({name: values[name] for name in network.input})
