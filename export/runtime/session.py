"""A bundle in use: encode, decode, generate, reconstruct, discriminate, score."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.errors import BundleError
from export.runtime import engine, files, inputs
from export.runtime.manifest import Manifest, Part, read_manifest

BATCH_SIZE = 64
MAX_THREADS = 1024
MAX_GENERATED = 2**32  # values of one call's noise or data, 16 GiB


class Session:
    """An opened bundle. Each part's graph is read, checked and optimized on its first use.

    Attributes:
        folder: Where the bundle lies.
        manifest: What `bundle.json` says: parts, shape, value range, classes, prior, settings.
        batch_size: How many samples go through a graph at once; larger inputs are split.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        providers: Sequence[str] | None = None,
        threads: int | None = None,
        inference_precision: str = "float32",
    ) -> None:
        if not isinstance(folder, str | os.PathLike):
            raise BundleError(
                f"A bundle is a folder. Received: {folder!r}. Accepted: the path of one."
            )
        if threads is not None:
            inputs.whole_number(threads, "threads", least=1, most=MAX_THREADS)
        self.folder = Path(folder)
        self.manifest: Manifest = read_manifest(self.folder)
        self.batch_size = BATCH_SIZE
        self._providers = providers
        self._threads = threads
        self._inference_precision = inference_precision
        self._graphs: dict[str, engine.Graph] = {}
        engine.runs_in_openvino(providers, inference_precision)  # tells what is wrong now

    def __repr__(self) -> str:
        return f"Session({self.manifest.model}: {', '.join(self.manifest.parts)})"

    def encode(self, data: Any, *, labels: Any = None) -> np.ndarray:
        """Codes of data `(batch, *shape)`: what the decoder reads."""
        if self.manifest.code is None:
            raise self._lacks("encode", "encoder")
        return self._on_data("encoder", data, labels)[self.manifest.code]

    def decode(self, codes: Any, *, labels: Any = None) -> np.ndarray:
        """Data float32 `(batch, *shape)` from latents `(batch, latent_dim)` or code indices."""
        name = next((n for n in ("decoder", "generator") if n in self.manifest.parts), None)
        if name is None:
            raise self._lacks("decode", "decoder")
        part = self.manifest.parts[name]
        port = part.input("codes") or part.input("latent")
        if port is None:
            raise self._lacks("decode", "decoder of codes")
        check = inputs.integers if port.role == "codes" else inputs.floats
        feed = {port.name: check(codes, port)}
        return self._run(name, feed | self._labels(part, len(feed[port.name]), labels))["data"]

    def generate(self, count: int, *, seed: int = 0, labels: Any = None) -> np.ndarray:
        """New data float32 `(count, *shape)`; the same seed draws what the model's `sample` draws.

        Args:
            count: How many; for more than 16 GiB of them, call again with another seed.
            seed: Seed of the latent.
            labels: Class indices, names or one-hot rows, `(count,)` or one for all; by default
                the classes in turn. Only for models that read labels.
        """
        name = self.manifest.sampler
        if name is None:
            raise self._lacks("generate", "prior")
        shapes = [self.manifest.shape, *(noise.shape for noise in self.manifest.prior.values())]
        most = MAX_GENERATED // max(map(math.prod, shapes))
        inputs.whole_number(count, "count", least=1, most=most)
        inputs.whole_number(seed, "seed", least=0)
        rng = np.random.default_rng([seed])
        feed = {key: noise.draw(rng, count) for key, noise in self.manifest.prior.items()}
        part = self.manifest.parts[name]
        if labels is None and part.input("labels") is not None:
            labels = np.arange(count) % (self.manifest.num_classes or 1)
        return self._run(name, feed | self._labels(part, count, labels))["data"]

    def reconstruct(self, data: Any, *, labels: Any = None) -> np.ndarray:
        """Data through encoder and decoder, float32 `(batch, *shape)`."""
        encoder, decoder = self.manifest.parts.get("encoder"), self.manifest.parts.get("decoder")
        if encoder is None or decoder is None:
            raise self._lacks("reconstruct", "encoder with a decoder")
        codes = self.encode(data, labels=labels if encoder.input("labels") else None)
        return self.decode(codes, labels=labels if decoder.input("labels") else None)

    def discriminate(self, data: Any, *, labels: Any = None) -> np.ndarray:
        """Logits `(batch, 1)` of data being real."""
        if "discriminator" not in self.manifest.parts:
            raise self._lacks("discriminate", "discriminator")
        return self._on_data("discriminator", data, labels)["logit"]

    def score(self, data: Any, *, labels: Any = None) -> np.ndarray:
        """Mean squared reconstruction error of each sample `(batch,)`: high for odd ones."""
        rebuilt = self.reconstruct(data, labels=labels)
        port = self._data_port("encoder")
        given = inputs.data(data, port, self.manifest.value_range)
        return np.mean(np.square(given - rebuilt), axis=tuple(range(1, given.ndim)))

    def run(self, part: str, feed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs one part on named arrays `(batch, ...)`, in batches; output name → array."""
        if not isinstance(part, str) or part not in self.manifest.parts:
            raise ValueError(
                f"A part must be one that the bundle holds. Received: {part!r}. "
                f"Accepted: {', '.join(self.manifest.parts)}."
            )
        return self._run(part, inputs.named(feed, part, self.manifest.parts[part]))

    def _run(self, part: str, feed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a part on arrays that were checked."""
        graph = self._graph(part)
        pieces = [
            engine.run(graph, {k: v[start : start + self.batch_size] for k, v in feed.items()})
            for start in range(0, len(next(iter(feed.values()))), self.batch_size)
        ]
        if len(pieces) == 1:
            return pieces[0]
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}

    def _on_data(self, name: str, data: Any, labels: Any) -> dict[str, np.ndarray]:
        port = self._data_port(name)
        array = inputs.data(data, port, self.manifest.value_range)
        feed = {port.name: array}
        return self._run(name, feed | self._labels(self.manifest.parts[name], len(array), labels))

    def _data_port(self, name: str) -> Any:
        port = self.manifest.parts[name].input("data")
        if port is None:
            raise BundleError(f"bundle.json names no data input of the part {name!r}.")
        return port

    def _labels(self, part: Part, count: int, labels: Any) -> dict[str, np.ndarray]:
        port = part.input("labels")
        if port is None:
            if labels is not None:
                raise ValueError(f"{self.manifest.model} reads no labels here. Received: labels.")
            return {}
        if labels is None:
            raise ValueError(
                f"{self.manifest.model} reads labels here. Received: none. "
                f"Accepted: class indices 0 to {(self.manifest.num_classes or 1) - 1}."
            )
        return {port.name: inputs.labels(labels, count, port, self.manifest)}

    def _graph(self, name: str) -> engine.Graph:
        if name not in self._graphs:
            part = self.manifest.parts[name]
            content = files.read_checked(self.folder, part.file, part.sha256)
            data = f"{part.file}.data"
            source: Path | bytes = content
            if data in self.manifest.files:
                found = files.sha256(self.folder, data)
                files.refuse_change(self.folder, data, found, self.manifest.files[data])
                source = self.folder / part.file
            graph = engine.open_graph(
                source,
                providers=self._providers,
                threads=self._threads,
                inference_precision=self._inference_precision,
            )
            for kind, ports, tensors in (
                ("inputs", part.inputs, graph.get_inputs()),
                ("outputs", part.outputs, graph.get_outputs()),
            ):
                names = [tensor.name for tensor in tensors]
                if names != [port.name for port in ports]:
                    raise BundleError(
                        f"{part.file} must have the {kind} that bundle.json names: "
                        f"{[port.name for port in ports]}. Received: {names}."
                    )
            self._graphs[name] = graph
        return self._graphs[name]

    def _lacks(self, verb: str, what: str) -> ValueError:
        return ValueError(
            f"{self.manifest.model} cannot {verb}: it has no {what}. "
            f"Its parts: {', '.join(self.manifest.parts)}."
        )
