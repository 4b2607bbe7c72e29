"""Exports for the benchmark: seconds, bytes and nodes of each part by each route."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from benchmarks.workload.workdir import ROWS, Store
from export.errors import ExportError


def export_part(store: Store, name: str, part: Any, route: str, model: Any) -> dict[str, Any]:
    """Exports one part; a row with what it took, or with the error.

    Args:
        store: Where the file goes.
        name: Of the part.
        part: The functional Keras model.
        route: See `export.routes`.
        model: The zoo's model that the part belongs to; without one, no certificate is made.
    """
    import onnx

    from export import routes, to_onnx
    from export.certification.examples import cardinality

    row: dict[str, Any] = {"part": name, "route": route}
    path = store.graph(name, route)
    try:
        if model is None:
            # Probing megabytes a row would take minutes, and the outputs are compared anyway.
            onnx.save(routes.convert(part, route=route), path)
            return row | {"bytes": path.stat().st_size}
        limits = cardinality(model, part)
        certificate = to_onnx(part, path, route=route, name=name, cardinality=limits)
    except ExportError as error:
        return row | {"error": str(error).splitlines()[0]}
    return row | {
        "seconds": certificate.seconds,
        "bytes": certificate.bytes,
        "nodes": certificate.nodes,
        "opset": certificate.opset,
        "tolerance_used": max((d.used for d in certificate.deviations), default=0.0),
    }


def export_lowered(store: Store, model: Any, precision: str) -> list[dict[str, Any]]:
    """Exports all parts in lower precision, as a bundle does: one row a part, or the error."""
    from export import to_bundle

    row: dict[str, Any] = {"route": "direct", "precision": precision}
    rng = np.random.default_rng([ROWS])
    low, high = model.value_range or (-1.0, 1.0)
    real = {"data": rng.uniform(low, high, (ROWS, *model.shape)).astype("float32")}
    if model.num_classes is not None:
        real["labels"] = rng.integers(model.num_classes, size=ROWS).astype("int32")
    folder = store.folder / f"bundle-{precision}"
    try:
        to_bundle(model, folder, real_inputs=real, precision=precision, samples=False)
    except ExportError as error:
        return [row | {"error": str(error).splitlines()[0]}]
    rows = []
    for part in model.parts():
        path = store.graph(part, "direct", precision)
        os.replace(folder / f"{part}.onnx", path)
        rows.append(row | {"part": part, "bytes": path.stat().st_size})
    return rows
