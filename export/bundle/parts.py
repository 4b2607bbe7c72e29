"""The parts of a bundle: converted, certified, lowered, and what is kept of each."""

from __future__ import annotations

from collections.abc import Mapping
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
from export.precision.certificate import PrecisionCertificate, judged, lower
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


def export_parts(
    model: Any, request: Request, data: Mapping[str, np.ndarray] | None
) -> tuple[list[PartExport], Ports]:
    """Exports the parts in their order, each on what it reads as the uses run.

    Args:
        model: A model in float32.
        request: How.
        data: Fields of a batch of data, which the uses run on; None for their draws alone.

    Raises:
        CertificateError: A graph differs from the native model, or loses too much.
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
        _export_part(name, native, request, ports.parts[name], readings, limits[name])
        for name, native in natives.items()
    ]
    return parts, ports


def _export_part(
    name: str,
    native: Native,
    request: Request,
    ports: Described,
    readings: Readings,
    limits: Mapping[str, int],
) -> PartExport:
    """Converts a part, certifies it on real inputs too, and lowers its precision where asked."""
    path = request.folder / f"{name}.onnx"
    inputs, outputs = ports
    limits = of_inputs(native.model, limits)
    real = readings.real(name)
    certificate = to_onnx(
        native,
        path,
        route=request.route,
        opset=request.opset,
        name=name,
        metadata={**request.metadata, "part": name},
        inputs=real,
        cardinality=limits,
        second_opinion=request.cross_check,
        certify=request.extent,
    )
    shown, lowered = _few(native, real, limits), None
    if request.precision != "float32":
        typical = readings.typical(name)
        shown = judged(typical)  # A loss is judged over many inputs, then as now.
        lowered = lower(
            path,
            request.precision,
            name=name,
            inputs=typical,
            ranges={port.name: port.range for port in outputs},
        )
    return PartExport(
        name=name,
        part=Part(path.name, sha256(path), inputs, outputs),
        certificate=certificate,
        lowered=lowered,
        reference=_reference(name, native, shown),
    )


def _few(native: Native, real: Mapping[str, np.ndarray], limits: Mapping[str, int]) -> Arrays:
    """Three inputs of a part, real ones where there are."""
    batches = list(probes(native.signature, seed=1, cardinality=limits, real=real or None))
    threes = {probe.family: probe.inputs for probe in batches if probe.count == 3}
    return threes.get("real", threes["normal"])


def _reference(name: str, native: Native, inputs: Mapping[str, np.ndarray]) -> Arrays:
    arrays = {f"{name}/input/{key}": values for key, values in inputs.items()}
    return arrays | {f"{name}/output/{key}": values for key, values in native(inputs).items()}
