"""A bundle in use: every use of its table, by name."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from export.errors import BundleError
from export.runtime import inputs
from export.runtime.chosen import resolve
from export.runtime.graphs import Graphs
from export.runtime.manifest import Manifest, Port, read_manifest
from zoo.errors import UseError
from zoo.uses import Use, complete_inputs, run_in_batches

BATCH_SIZE = 64
MAX_THREADS = 1024
MAX_ARRAY = 2**32  # values of one input or result of one call, 16 GiB


class Session:
    """An opened bundle. Each part's graph is read, checked and optimized on its first use.

    Every use of the bundle is a method too: `session.translate(data=images)` is
    `session.use("translate", data=images)`.

    Attributes:
        folder: The folder of the bundle.
        manifest: The content of `bundle.json`: parts, uses, shape, value range, classes, settings.
        uses: The uses by name: the chains of parts behind them.
        batch_size: How many samples go through a graph at once; larger inputs are split.
        engine: What computes: `onnxruntime` or `openvino`.
        inference_precision: Of its computations on float32 files.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        engine: str | None = None,
        providers: Sequence[str] | None = None,
        threads: int | None = None,
        inference_precision: str = "float32",
    ) -> None:
        if not isinstance(folder, str | os.PathLike):
            raise BundleError(
                f"A bundle is a folder. Received: {folder!r}. Accepted: the path of one."
            )
        if threads is not None:
            inputs.check_whole_number(threads, "threads", least=1, most=MAX_THREADS)
        self.folder = Path(folder)
        self.manifest: Manifest = read_manifest(self.folder)
        self.uses: Mapping[str, Use] = MappingProxyType(self.manifest.uses)
        self.batch_size = BATCH_SIZE
        resolved = resolve(
            self.folder,
            self.manifest,
            engine=engine,
            providers=providers,
            inference_precision=inference_precision,
        )
        if resolved.warning is not None:
            warnings.warn(resolved.warning, stacklevel=3)  # of the caller of `load`
        self._graphs = Graphs(
            self.folder,
            self.manifest,
            providers=resolved.providers,
            threads=threads,
            inference_precision=resolved.inference_precision,
        )
        self.engine = self._graphs.engine
        self.inference_precision = resolved.inference_precision

    def __repr__(self) -> str:
        return f"Session({self.manifest.model}: {', '.join(self.uses)})"

    def __getattr__(self, name: str) -> Callable[..., dict[str, np.ndarray]]:
        if name.startswith("_") or name not in self.__dict__.get("uses", ()):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

        def call(**given: Any) -> dict[str, np.ndarray]:
            return self.use(name, **given)

        return call

    def use(
        self,
        name: str,
        /,
        *,
        count: int | None = None,
        seed: int = 0,
        truncation: float = 1.0,
        **given: Any,
    ) -> dict[str, np.ndarray]:
        """Runs a use: result name → array `(count, …)`.

        Data are floats in their range, or bytes of 0 to 255, which are scaled. Labels are class
        indices, class names or one-hot rows, `(count,)` or one for all.

        Args:
            name: One of `uses`.
            count: How many rows; by default as many as are given.
            seed: Seeds the inputs that are drawn where they are not given; the same seed draws
                what the model draws.
            truncation: Factor on the distance of each draw from its mean: below 1, samples are
                less varied and more typical.
            given: The inputs by name; None is not given.

        Raises:
            BundleError: The bundle has no such use, or a graph does not run.
            UseError: An input is missing, unknown or not what the use reads.
        """
        use, ports = self._known(name), self.manifest.inputs(name)
        given = {key: value for key, value in given.items() if value is not None}
        if count is not None:
            inputs.check_whole_number(count, "count", least=1, most=self._most(name, ports))
        inputs.check_whole_number(seed, "seed", least=0)
        try:
            arrays = inputs.checked(given, ports, self.manifest.class_names, count)
            whole = complete_inputs(
                name, use, arrays, count=count, seed=seed, truncation=truncation
            )
            return run_in_batches(use, self._graphs.call, whole, self.batch_size)
        except MemoryError:
            rows = count or len(next(iter(given.values()), ()))
            raise UseError(
                f"The use {name!r} does not fit in memory. Received: {rows} rows. Accepted: fewer."
            ) from None

    def sample(
        self, count: int, *, labels: Any = None, seed: int = 0, truncation: float = 1.0
    ) -> np.ndarray:
        """New data float32 `(count, *shape)`; the same seed draws what the model's `sample` draws.

        Args:
            count: How many; for more than 16 GiB of them, call again with another seed.
            labels: Classes, `(count,)` or one for all; by default the classes in turn. Only for
                models that read labels.
            seed: Seeds the draws.
            truncation: Factor on the distance of each draw from its mean.
        """
        options = {"count": count, "seed": seed, "truncation": truncation}
        return self._single("sample", labels=labels, **options)

    def encode(self, data: Any, *, labels: Any = None) -> np.ndarray:
        """Codes of data `(batch, *shape)`: what `decode` reads."""
        return self._single("encode", data=data, labels=labels)

    def decode(self, code: Any, *, labels: Any = None) -> np.ndarray:
        """Data float32 `(batch, *shape)` of codes, latents or code indices."""
        return self._single("decode", code=code, labels=labels)

    def reconstruct(self, data: Any, *, labels: Any = None) -> np.ndarray:
        """Data through encoder and decoder, float32 `(batch, *shape)`."""
        return self._single("reconstruct", data=data, labels=labels)

    def discriminate(self, data: Any, *, labels: Any = None) -> np.ndarray:
        """Logits `(batch, 1)` of data being real."""
        return self._single("discriminate", data=data, labels=labels)

    def score(self, data: Any, *, labels: Any = None) -> np.ndarray:
        """The error of each sample's reconstruction `(batch,)`: large for anomalies."""
        return self._single("score", data=data, labels=labels)

    def run(self, part: str, feed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs one part on named arrays `(batch, ...)`, in batches; output name → array."""
        if not isinstance(part, str) or part not in self.manifest.parts:
            raise UseError(
                f"A part must be one that the bundle holds. Received: {part!r}. "
                f"Accepted: {', '.join(self.manifest.parts)}."
            )
        arrays = inputs.named(feed, part, self.manifest.parts[part].inputs)
        count = len(next(iter(arrays.values())))
        pieces = [
            self._graphs.call(
                part, {k: v[start : start + self.batch_size] for k, v in arrays.items()}
            )
            for start in range(0, count, self.batch_size)
        ]
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}

    def part_graph(self, part: str) -> Path | bytes:
        """The ONNX graph of a part: its bytes, or its path where its weights lie beside it.

        Raises:
            BundleError: The file was changed, or is no graph that runs.
        """
        return self._graphs.source(part)

    def _known(self, name: str) -> Use:
        if name not in self.uses:
            raise BundleError(
                f"{self.manifest.model} has no use {name!r}. "
                f"Accepted: {', '.join(self.uses) or 'none'}."
            )
        return self.uses[name]

    def _single(self, name: str, /, **options: Any) -> np.ndarray:
        """The only result of a use."""
        results = self._known(name).gives
        if len(results) != 1:
            raise BundleError(
                f"The use {name!r} gives several results: {', '.join(results)}. "
                f"Accepted: session.use({name!r}, …), which returns them by name."
            )
        return self.use(name, **options)[next(iter(results))]

    def _most(self, name: str, ports: Mapping[str, Port]) -> int:
        """How many rows of the inputs and results of a use one call may have."""
        shapes = [port.shape for port in (*ports.values(), *self.manifest.results(name).values())]
        return MAX_ARRAY // max(math.prod(size or 1 for size in shape) for shape in shapes)
