"""The parts of a bundle: converted, certified, lowered, and what is kept of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.bundle.identity import parts_of_any_size
from export.bundle.ports import Described, Ports, check_data, describe
from export.bundle.sealing import sha256
from export.certification.cardinality import cardinality, of_inputs
from export.certification.certificate import Certificate
from export.certification.inputs import probes
from export.certification.native import Native
from export.certification.readings import Readings, read
from export.conversion import to_onnx
from export.errors import ExportError
from export.precision.certificate import judged, lower
from export.precision.record import PrecisionCertificate
from export.runtime.manifest import Part

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Request:
    """How the parts of a bundle are exported: see `to_bundle`."""

    folder: Path
    route: str
    opset: int | None
    precision: str
    cross_check: bool
    extent: str
    any_size: bool
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class PartExport:
    """The export of one part.

    Attributes:
        name: The part's name.
        part: Its entry in `bundle.json`.
        certificate: In float32.
        lowered: In lower precision, where the bundle is in one.
        reference: Inputs and outputs under the names that the bundle keeps them by.
    """

    name: str
    part: Part
    certificate: Certificate
    lowered: PrecisionCertificate | None
    reference: Arrays


@dataclass(frozen=True)
class ConvertedPart:
    """A part in float32, certified, as its reference and its lower precisions are made of it.

    Attributes:
        name: The part's name.
        native: Its network.
        ports: Its inputs and outputs.
        certificate: In float32.
        limits: How many values its integer inputs take.
        readings: What the parts read as the uses run.
    """

    name: str
    native: Native
    ports: Described
    certificate: Certificate
    limits: Mapping[str, int]
    readings: Readings

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.onnx"

    @property
    def ranges(self) -> dict[str, tuple[float, float] | None]:
        """The ranges of its outputs, by name."""
        return {port.name: port.range for port in self.ports[1]}


def convert_parts(
    model: Any, request: Request, data: Mapping[str, np.ndarray] | None
) -> tuple[list[ConvertedPart], Ports]:
    """Converts the parts in their order to certified float32 files.

    Args:
        model: A model in float32.
        request: How.
        data: Fields of a batch of data, which the uses run on; None for their draws alone.

    Raises:
        CertificateError: A graph differs from the native model.
        ExportError: There are no parts, one cannot be converted, or the data do not fit them.
    """
    networks = model.parts() | (parts_of_any_size(model) if request.any_size else {})
    natives = {name: Native(network) for name, network in networks.items()}
    if not natives:
        raise ExportError(f"A bundle holds parts. Received: {type(model).__name__} without any.")
    table, limits = model.table(), cardinality(model)
    signatures = {name: native.signature for name, native in natives.items()}
    ports = describe(model, signatures, table, limits)
    if data is not None:
        check_data(data, ports.fields)
    lowering = request.precision != "float32"
    readings = read(table, lambda part, feed: natives[part](feed), data, draws=lowering)
    parts = [
        _convert(name, native, request, ports.parts[name], readings, limits[name])
        for name, native in natives.items()
    ]
    return parts, ports


def finish_parts(
    parts: Sequence[ConvertedPart], folder: Path, precision: str, *, many: bool = False
) -> list[PartExport]:
    """Lowers the files of parts where a lower precision is asked for, and takes their references.

    Args:
        parts: The converted parts.
        folder: The folder of their float32 files, which are rewritten.
        precision: Of the files.
        many: Whether the references are the inputs that a lower precision is judged on, also
            where the files stay float32: for a loss in the engine.

    Raises:
        CertificateError: A graph loses too much.
        ExportError: Too few inputs are known of a part, or the quantizer cannot rewrite it.
    """
    return [_finish(part, folder / part.file, precision, many=many) for part in parts]


def _convert(
    name: str,
    native: Native,
    request: Request,
    ports: Described,
    readings: Readings,
    limits: Mapping[str, int],
) -> ConvertedPart:
    """Converts a part and certifies it, on real inputs too."""
    limits = of_inputs(native.model, limits)
    certificate = to_onnx(
        native,
        request.folder / f"{name}.onnx",
        route=request.route,
        opset=request.opset,
        name=name,
        metadata={**request.metadata, "part": name},
        inputs=readings.real(name),
        cardinality=limits,
        second_opinion=request.cross_check,
        certify=request.extent,
    )
    return ConvertedPart(name, native, ports, certificate, limits, readings)


def _finish(part: ConvertedPart, path: Path, precision: str, *, many: bool) -> PartExport:
    lowered = None
    if precision != "float32":
        typical = part.readings.typical(part.name)
        lowered = lower(path, precision, name=part.name, inputs=typical, ranges=part.ranges)
    # A loss is judged over many inputs, then as now.
    few = precision == "float32" and not many
    shown = _few(part) if few else judged(part.readings.typical(part.name))
    return PartExport(
        name=part.name,
        part=Part(path.name, sha256(path), *part.ports),
        certificate=part.certificate,
        lowered=lowered,
        reference=_reference(part.name, part.native, shown),
    )


def _few(part: ConvertedPart) -> Arrays:
    """Three inputs of a part, real ones where there are."""
    real = part.readings.real(part.name) or None
    batches = list(probes(part.native.signature, seed=1, cardinality=part.limits, real=real))
    threes = {probe.family: probe.inputs for probe in batches if probe.count == 3}
    return threes.get("real", threes["normal"])


def _reference(name: str, native: Native, inputs: Mapping[str, np.ndarray]) -> Arrays:
    arrays = {f"{name}/input/{key}": values for key, values in inputs.items()}
    return arrays | {f"{name}/output/{key}": values for key, values in native(inputs).items()}
