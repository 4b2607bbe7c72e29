"""The graphs of a bundle's parts, each read, checked and opened on its first call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from export.errors import BundleError
from export.runtime import engine, files
from export.runtime.manifest import Manifest


class Graphs:
    """Calls the parts of a bundle.

    Args:
        folder: The bundle.
        manifest: Its description.
        providers: See `export.runtime.load`, as the other options.
        threads: Of one operator.
        inference_precision: Of the computations.

    Attributes:
        engine: What computes: `onnxruntime` or `openvino`.

    Raises:
        ValueError: No provider that is there, or an inference precision that it does not have.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        *,
        providers: Sequence[str] | None,
        threads: int | None,
        inference_precision: str,
    ) -> None:
        other = engine.runs_in_openvino(providers, inference_precision)  # says what is wrong now
        self.engine = "openvino" if other else "onnxruntime"
        self.folder = folder
        self.manifest = manifest
        self._providers = providers
        self._threads = threads
        self._inference_precision = inference_precision
        self._opened: dict[str, engine.Graph] = {}

    def call(self, part: str, feed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """A part's outputs by name, for arrays that were checked."""
        return engine.run(self.open(part), feed)

    def open(self, name: str) -> engine.Graph:
        """The graph of a part.

        Raises:
            BundleError: The file was changed, or is another graph than `bundle.json` says.
        """
        if name not in self._opened:
            part = self.manifest.parts[name]
            graph = engine.open_graph(
                self._source(part.file, part.sha256),
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
            self._opened[name] = graph
        return self._opened[name]

    def source(self, name: str) -> Path | bytes:
        """The file of a part's graph, which the engine has opened; see `open`.

        Returns:
            Its bytes, or its path where its weights lie beside it.
        """
        self.open(name)
        part = self.manifest.parts[name]
        return self._source(part.file, part.sha256)

    def _source(self, file: str, sha256: str) -> Path | bytes:
        """A graph's bytes, or its path where its weights lie beside it; both checked."""
        content = files.read_checked(self.folder, file, sha256)
        data = f"{file}.data"
        if data not in self.manifest.files:
            return content
        found = files.sha256(self.folder, data)
        files.check_unchanged(self.folder, data, found, self.manifest.files[data])
        return self.folder / file
