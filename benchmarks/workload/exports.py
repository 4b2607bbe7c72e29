"""Exports for the benchmark: seconds, bytes and nodes of each part by each route."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.records.schema import Export, Failure, Row
from benchmarks.workload import cardinality
from benchmarks.workload.uses import Inputs
from benchmarks.workload.workdir import ROWS, Workdir
from export.errors import ExportError


def export_parts(
    workdir: Workdir, name: str, parts: Mapping[str, Any], route: str, model: Any
) -> list[Row]:
    """Exports parts: a row each, with the figures of its certificate or with the error.

    Args:
        workdir: The folder of the files.
        name: The model's name.
        parts: Name → functional Keras model.
        route: See `export.routes`.
        model: The zoo's model of the parts; None for peaks, which get no certificate.
    """
    rows: list[Row] = []
    for part, network in parts.items():
        where: dict[str, Any] = {"model": name, "part": part, "route": route}
        try:
            rows.append(Export(**where, **_export(workdir, part, network, route, model)))
        except ExportError as error:
            rows.append(Failure(of=Export.kind, **where, error=str(error).splitlines()[0]))
    return rows


def export_lowered(workdir: Workdir, name: str, model: Any, precision: str) -> list[Row]:
    """Exports the parts in lower precision, as a bundle does: one row a part, or the error."""
    from export import to_bundle

    where: dict[str, Any] = {"model": name, "route": "direct", "precision": precision}
    inputs = Inputs(model, ROWS, np.random.default_rng([ROWS]))
    real = inputs.fields(dict.fromkeys(n for use in inputs.table.values() for n in use.inputs))
    folder = workdir.folder / f"bundle-{precision}"
    try:
        to_bundle(
            model, folder, real_inputs=real, precision=precision, samples=False, any_size=False
        )
    except ExportError as error:
        return [Failure(of=Export.kind, **where, error=str(error).splitlines()[0])]
    rows: list[Row] = []
    for part in workdir.parts():
        path = workdir.graph(part, "direct", precision)
        os.replace(folder / f"{part}.onnx", path)
        rows.append(Export(**where, part=part, bytes=path.stat().st_size))
    return rows


def _export(workdir: Workdir, part: str, network: Any, route: str, model: Any) -> dict[str, Any]:
    """The figures of one part's export."""
    import onnx

    from export import routes, to_onnx

    path = workdir.graph(part, route)
    if model is None:
        # Probing megabytes a row would take minutes, and outputs are checked before timing.
        onnx.save(routes.convert(network, route=route), path)
        return {"bytes": path.stat().st_size}
    limits = cardinality.of_model(model)[part]
    certificate = to_onnx(network, path, route=route, name=part, cardinality=limits)
    return {
        "seconds": certificate.seconds,
        "bytes": certificate.bytes,
        "nodes": certificate.nodes,
        "opset": certificate.opset,
        "tolerance_used": max((d.used for d in certificate.deviations), default=0.0),
    }
