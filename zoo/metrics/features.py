"""The spaces that images are compared in: a classifier's features, pixels, or plain data.

A distance is one on some features. Each kind has a name, and a file has a hash, which go into
every result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from zoo.errors import DataError
from zoo.metrics.arrays import flat

BATCH_SIZE = 256
MAX_PIXELS = 4096
"""The values of a sample up to which its pixels are taken as features: covariances are squares."""
EMBEDDED = Path(__file__).with_name("digits.onnx")
EMBEDDED_OF = ("digits", (8, 8, 1))
"""Name and shape of the data that the embedded classifier was trained on."""
KIND = "genzoo.features"
"""The entry of a file's metadata that holds its name."""


@dataclass(frozen=True)
class Extracted:
    """Features `(count, features)`, and logits `(count, classes)` where there is a classifier."""

    features: np.ndarray
    logits: np.ndarray | None = None


class Features(Protocol):
    """A source of features: `extract` reads data in (0, 1), or in their units."""

    @property
    def name(self) -> str: ...

    def extract(self, data: np.ndarray) -> Extracted: ...

    def describe(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Pixels:
    """The values themselves, divided by a scale where they have no bounds of their own."""

    name: str = "pixels"
    mean: np.ndarray | float = 0.0
    scale: np.ndarray | float = 1.0

    def extract(self, data: np.ndarray) -> Extracted:
        """Flattens rows."""
        return Extracted((flat(data) - self.mean) / self.scale)

    def describe(self) -> dict[str, Any]:
        """In JSON terms."""
        return {"name": self.name}


class Network:
    """A classifier in an ONNX file, run by ONNX Runtime on one thread.

    The file has one input, images `(count, height, width, channels)` in (0, 1), and the output
    `features`; `logits` where it classifies.

    Args:
        path: The file.

    Raises:
        DataError: There is no such file, or it is none of this kind.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            content = self.path.read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"Features cannot be read from {self.path}: {reason}.") from error
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._content = content
        outputs = [output.name for output in self._session.get_outputs()]
        if len(self._session.get_inputs()) != 1 or "features" not in outputs:
            raise DataError(
                f"An ONNX file of features has one input and the output 'features'. Received: "
                f"{self.path} with the outputs {', '.join(outputs)}. Accepted: what "
                "zoo features train writes."
            )
        self.outputs = [name for name in ("features", "logits") if name in outputs]

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 1  # The same sums, and bits, on every machine's count.
        providers = ["CPUExecutionProvider"]
        try:
            return onnxruntime.InferenceSession(self._content, options, providers=providers)
        except Exception as error:
            # ONNX Runtime's errors have no base class of their own.
            if type(error).__module__.partition(".")[0] != "onnxruntime":
                raise
            first = str(error).strip().partition("\n")[0]
            raise DataError(f"{self.path} is no ONNX file that can be run: {first}") from error

    @property
    def metadata(self) -> Mapping[str, str]:
        """The description in the file."""
        return self._session.get_modelmeta().custom_metadata_map

    @property
    def name(self) -> str:
        """The file's name for its features; its own name where it has none."""
        return self.metadata.get(KIND, self.path.name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one image."""
        return tuple(self._session.get_inputs()[0].shape[1:])

    def extract(self, data: np.ndarray) -> Extracted:
        """Runs the network, a batch at a time.

        Raises:
            DataError: The images have another shape.
        """
        if tuple(data.shape[1:]) != self.shape:
            raise DataError(
                f"The features {self.name!r} are of images {self.shape}. "
                f"Received: {tuple(data.shape[1:])}. Accepted: --features with another file."
            )
        port = self._session.get_inputs()[0].name
        images = np.asarray(data, dtype="float32")
        pieces = [
            self._session.run(self.outputs, {port: images[start : start + BATCH_SIZE]})
            for start in range(0, len(images), BATCH_SIZE)
        ]
        return Extracted(*(np.concatenate(column) for column in zip(*pieces, strict=True)))

    def describe(self) -> dict[str, Any]:
        """In JSON terms: name, hash, and the classifier's accuracy where the file tells it."""
        found = {"name": self.name, "sha256": self.sha256}
        accuracy = self.metadata.get("accuracy")
        return found | ({"accuracy": float(accuracy)} if accuracy else {})


def choose(source: str | Path | Features | None, train: Any, value_range: Any) -> Features:
    """The features that samples of some data are compared in.

    Args:
        source: Features, an ONNX file, or `pixels`; None for the embedded classifier where the data
            are the embedded digits, standardized values where they have no bounds, else pixels.
        train: The training data.
        value_range: That of the model.

    Raises:
        DataError: The file cannot be used, or there are too many pixels.
    """
    if source is not None and not isinstance(source, str | Path):
        return source
    if source is not None and str(source) != "pixels":
        return Network(source)
    if value_range is None:
        values = train.first(len(train), None)["data"].reshape(len(train), -1)
        scale = values.std(axis=0)
        return Pixels("standardized values", values.mean(axis=0), np.where(scale > 0, scale, 1))
    if source is None and (train.origin.get("source"), tuple(train.shape)) == EMBEDDED_OF:
        return Network(EMBEDDED)
    if int(np.prod(train.shape)) > MAX_PIXELS:
        raise DataError(
            f"Samples of up to {MAX_PIXELS} values are compared in pixels. Received: "
            f"{tuple(train.shape)}. Accepted: --features FILE.onnx, which "
            "zoo features train writes."
        )
    return Pixels()
