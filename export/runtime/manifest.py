"""`bundle.json`: what a bundle holds. One format, for its writer and its readers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from export.errors import BundleError
from export.runtime import files

FORMAT = "genzoo-bundle"
VERSION = 1
ROLES = ("data", "latent", "labels", "codes", "noise", "value")
DTYPES = ("float32", "float16", "int32", "int64", "uint8", "bool")
MAX_VALUES = 2**28  # of one sample of one tensor


@dataclass(frozen=True)
class Port:
    """A named input or output of a part; `shape` leaves the batch out, `None` is any size.

    Integers with a `cardinality` are indices below it: of classes, or of a codebook's vectors.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    role: str = "data"
    cardinality: int | None = None


@dataclass(frozen=True)
class Part:
    """A network: its ONNX file, the file's hash, and what goes in and out."""

    file: str
    sha256: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    def input(self, role: str) -> Port | None:
        """The first input of a role, or None."""
        return next((port for port in self.inputs if port.role == role), None)


@dataclass(frozen=True)
class Noise:
    """How a random input is drawn; `shape` leaves the batch out."""

    distribution: str
    shape: tuple[int, ...]
    low: float = 0.0
    high: float = 1.0

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Draws `count` samples, float32 `(count, *shape)`: the numbers that the model draws."""
        size = (count, *self.shape)
        if self.distribution == "normal":
            return rng.standard_normal(size, dtype=np.float32)
        unit = rng.random(size, dtype=np.float32)
        return np.float32(self.low) + np.float32(self.high - self.low) * unit


@dataclass(frozen=True)
class Manifest:
    """A bundle's own description."""

    model: str
    paper: str
    settings: dict[str, Any]
    shape: tuple[int, ...]
    value_range: tuple[float, float] | None
    num_classes: int | None
    class_names: tuple[str, ...] | None
    sampler: str | None
    code: str | None
    prior: dict[str, Noise]
    parts: dict[str, Part]
    precision: str = "float32"
    versions: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The content of `bundle.json`."""
        return {"format": FORMAT, "version": VERSION, **asdict(self)}


def read_manifest(folder: Path) -> Manifest:
    """Reads and checks `bundle.json`.

    Raises:
        BundleError: the folder is no bundle, or its description is changed, unsafe or malformed.
    """
    if not folder.is_dir():
        raise BundleError(f"A bundle is a folder. Received: {str(folder)!r}.")
    sums = files.read_checksums(folder)
    expected = sums.get(files.MANIFEST, "missing")
    content = files.read_checked(folder, files.MANIFEST, expected, files.MAX_TEXT)
    return parse_manifest(files.read_json(content, files.MANIFEST))


def parse_manifest(content: Mapping[str, Any]) -> Manifest:
    """Makes a manifest of what `to_json` gave, every field checked."""
    if content.get("format") != FORMAT or content.get("version") != VERSION:
        raise BundleError(
            f"bundle.json must have format {FORMAT!r}, version {VERSION}. "
            f"Received: {content.get('format')!r}, version {content.get('version')!r}."
        )
    parts = {
        _text(name, "a part's name"): _part(part)
        for name, part in _mapping(content, "parts").items()
    }
    sampler, code = _optional_text(content, "sampler"), _optional_text(content, "code")
    if sampler is not None and sampler not in parts:
        raise _malformed("sampler", sampler)
    classes = content.get("num_classes")
    names = content.get("class_names")
    return Manifest(
        model=_text(content.get("model"), "model"),
        paper=_text(content.get("paper"), "paper"),
        settings=dict(_mapping(content, "settings")),
        shape=_sizes(content.get("shape")),
        value_range=_range(content.get("value_range")),
        num_classes=None if classes is None else _count(classes, "num_classes"),
        class_names=None if names is None else _names(names),
        sampler=sampler,
        code=code,
        prior={
            _text(name, "a noise's name"): _noise(noise)
            for name, noise in _mapping(content, "prior").items()
        },
        parts=parts,
        precision=_text(content.get("precision"), "precision"),
        versions={k: _text(v, "versions") for k, v in _mapping(content, "versions").items()},
        files={
            files.checked_name(name): _hash(value)
            for name, value in _mapping(content, "files").items()
        },
    )


def _part(value: Any) -> Part:
    if not isinstance(value, dict):
        raise _malformed("parts", value)
    return Part(
        file=files.checked_name(value.get("file")),
        sha256=_hash(value.get("sha256")),
        inputs=_ports(value.get("inputs")),
        outputs=_ports(value.get("outputs")),
    )


def _ports(value: Any) -> tuple[Port, ...]:
    if not isinstance(value, list) or not all(isinstance(port, dict) for port in value):
        raise _malformed("inputs and outputs", value)
    ports = []
    for port in value:
        if port.get("dtype") not in DTYPES or port.get("role") not in ROLES:
            raise _malformed("an input or output", port)
        shape = port.get("shape")
        if not isinstance(shape, list):
            raise _malformed("an input's or output's shape", shape)
        sizes = iter(_sizes([size for size in shape if size is not None]))
        whole = tuple(None if size is None else next(sizes) for size in shape)
        name, values = _text(port.get("name"), "a name"), port.get("cardinality")
        known = None if values is None else _count(values, "a cardinality")
        ports.append(Port(name, port["dtype"], whole, port["role"], known))
    return tuple(ports)


def _noise(value: Any) -> Noise:
    if not isinstance(value, dict) or value.get("distribution") not in ("normal", "uniform"):
        raise _malformed("prior", value)
    low, high = _range([value.get("low", 0.0), value.get("high", 1.0)]) or (0.0, 1.0)
    return Noise(value["distribution"], _sizes(value.get("shape")), low, high)


def _mapping(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key)
    if not isinstance(value, dict) or len(value) > files.MAX_FILES:
        raise _malformed(key, value)
    return value


def _sizes(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or len(value) > 8:
        raise _malformed("a shape", value)
    sizes = tuple(_count(size, "a shape") for size in value)
    if math.prod(sizes) > MAX_VALUES:
        raise _malformed("a shape", value)
    return sizes


def _count(value: Any, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_VALUES:
        raise _malformed(what, value)
    return value


def _range(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    numbers = isinstance(value, list | tuple) and all(isinstance(v, int | float) for v in value)
    if not numbers or len(value) != 2 or not float(value[0]) < float(value[1]):
        raise _malformed("a range", value)
    return float(value[0]), float(value[1])


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _malformed("class_names", value)
    return tuple(_text(name, "class_names") for name in value)


def _hash(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise _malformed("a sha256", value)
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise _malformed(what, value)
    return value


def _optional_text(content: Mapping[str, Any], key: str) -> str | None:
    value = content.get(key)
    return None if value is None else _text(value, key)


def _malformed(what: str, value: Any) -> BundleError:
    return BundleError(f"bundle.json has no valid value for {what}. Received: {value!r:.100}.")
