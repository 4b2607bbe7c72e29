"""`bundle.json`: what a bundle holds. One format, for its writer and its readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from export.errors import BundleError
from export.runtime import files, values
from export.runtime.choice import Choice, read_choice
from export.runtime.table import Port, read_table
from zoo.uses import Use

__all__ = ["Manifest", "Part", "Port", "parse_manifest", "read_manifest"]

FORMAT = "genzoo-bundle"
VERSION = 2


@dataclass(frozen=True)
class Part:
    """A network: its ONNX file, the file's hash, and what goes in and out."""

    file: str
    sha256: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    def input(self, name: str) -> Port:
        """The input of a name."""
        return next(port for port in self.inputs if port.name == name)

    def output(self, name: str) -> Port:
        """The output of a name."""
        return next(port for port in self.outputs if port.name == name)


@dataclass(frozen=True)
class Manifest:
    """A bundle's own description.

    Attributes:
        uses: The uses of the bundle: chains of its parts.
        fields: The fields of the data that the uses read, by name.
        files: The hash of every other file.
        choice: The engine that the bundle was measured to run fastest in, where it was.
    """

    model: str
    paper: str
    settings: dict[str, Any]
    shape: tuple[int, ...]
    value_range: tuple[float, float] | None
    num_classes: int | None
    class_names: tuple[str, ...] | None
    parts: dict[str, Part]
    uses: dict[str, Use]
    fields: dict[str, Port] = field(default_factory=dict)
    precision: str = "float32"
    versions: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    choice: Choice | None = None

    def inputs(self, use: str) -> dict[str, Port]:
        """The inputs of a use, each as the parts that read it want it."""
        chain = self.uses[use]
        return {
            value: self._merged(
                value, [self.parts[part].input(port) for part, port in chain.readers(value)]
            )
            for value in chain.inputs
        }

    def results(self, use: str) -> dict[str, Port]:
        """The results of a use, each as the part makes it."""
        chain, inputs = self.uses[use], self.inputs(use)
        made = {step.name: self.parts[step.part] for step in chain.steps}
        found = {}
        for result, value in chain.gives.items():
            step, _, output = value.partition("/")
            port = made[step].output(output) if output else inputs[value]
            found[result] = replace(port, name=result)
        return found

    def _merged(self, value: str, readers: list[Port]) -> Port:
        """One port for all that read a value: known sizes, the smallest cardinality, a range."""
        limits = [port.cardinality for port in readers if port.cardinality is not None]
        ranges = [port.range for port in readers if port.range is not None]
        return replace(
            readers[0],
            name=value,
            shape=tuple(
                next((size for size in sizes if size is not None), None)
                for sizes in zip(*(port.shape for port in readers), strict=False)
            ),
            cardinality=min(limits, default=None),
            range=next(iter(ranges), None),
        )

    def to_json(self) -> dict[str, Any]:
        """The content of `bundle.json`."""
        content = asdict(replace(self, uses={}, choice=None))
        del content["choice"]
        if self.choice is not None:
            content["choice"] = self.choice.to_json()
        content["uses"] = {name: use.to_config() for name, use in self.uses.items()}
        return {"format": FORMAT, "version": VERSION, **content}


def read_manifest(folder: Path) -> Manifest:
    """Reads and checks `bundle.json`.

    Raises:
        BundleError: The folder is no bundle, or its description is changed, unsafe or malformed.
    """
    if not folder.is_dir():
        raise BundleError(f"A bundle is a folder. Received: {str(folder)!r}.")
    sums = files.read_checksums(folder)
    expected = sums.get(files.MANIFEST, "missing")
    content = files.read_checked(folder, files.MANIFEST, expected, files.MAX_TEXT)
    return parse_manifest(files.read_json(content, files.MANIFEST))


def parse_manifest(content: Mapping[str, Any]) -> Manifest:
    """The manifest that `to_json` described, every field checked.

    Raises:
        BundleError: The content has another format or version, or a field is malformed.
    """
    _check_version(content)
    parts = {
        values.name(name, "a part's name"): _part(part)
        for name, part in values.entry(content, "parts").items()
    }
    classes, names = content.get("num_classes"), content.get("class_names")
    precision = values.text(content.get("precision"), "precision")
    return Manifest(
        model=values.text(content.get("model"), "model"),
        paper=_text_or_empty(content.get("paper"), "paper"),
        settings=dict(values.entry(content, "settings")),
        shape=values.sizes(content.get("shape"), "shape"),
        value_range=values.limits(content.get("value_range"), "value_range"),
        num_classes=None if classes is None else values.count(classes, "num_classes"),
        class_names=None if names is None else values.names(names, "class_names"),
        parts=parts,
        uses=read_table(
            values.entry(content, "uses"),
            {name: (part.inputs, part.outputs) for name, part in parts.items()},
        ),
        fields=_fields(content),
        precision=precision,
        versions={
            key: values.text(value, "versions")
            for key, value in values.entry(content, "versions").items()
        },
        files={
            files.checked_name(name): values.sha256(value)
            for name, value in values.entry(content, "files").items()
        },
        choice=read_choice(content.get("choice"), precision),
    )


def _check_version(content: Mapping[str, Any]) -> None:
    name, version = content.get("format"), content.get("version")
    if name == FORMAT and version == 1:
        raise BundleError(
            f"bundle.json must have version {VERSION}. Received: version 1, written by genzoo "
            "0.1. Accepted: the run, exported again."
        )
    if name != FORMAT or version != VERSION:
        raise BundleError(
            f"bundle.json must have format {FORMAT!r}, version {VERSION}. "
            f"Received: {name!r}, version {version!r}."
        )


def _part(value: Any) -> Part:
    content = values.mapping(value, "parts")
    return Part(
        file=files.checked_name(content.get("file")),
        sha256=values.sha256(content.get("sha256")),
        inputs=_ports(content.get("inputs")),
        outputs=_ports(content.get("outputs")),
    )


def _ports(value: Any) -> tuple[Port, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= files.MAX_FILES:
        raise values.malformed("inputs and outputs", value)
    ports = tuple(map(Port.from_json, value))
    if len({port.name for port in ports}) != len(ports):
        raise values.malformed("inputs and outputs", value)
    return ports


def _fields(content: Mapping[str, Any]) -> dict[str, Port]:
    found = {name: Port.from_json(value) for name, value in values.entry(content, "fields").items()}
    for name, port in found.items():
        if port.name != name:
            raise values.malformed("fields", name)
    return found


def _text_or_empty(value: Any, what: str) -> str:
    return "" if value == "" else values.text(value, what)
