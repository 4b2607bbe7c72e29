"""A second opinion: the graph that the backend's own converter makes of the same model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx

from export import routes
from export.certification import inputs
from export.certification.cardinality import embedded
from export.certification.certificate import all_passed
from export.certification.compare import compare
from export.certification.integers import ranges
from export.errors import ExportError, RouteError
from export.runtime.engine import open_session, run
from export.signature import signature


def ask(
    model: Any, path: Path, *, cardinality: Mapping[str, int] | None = None, seed: int = 0
) -> dict[str, Any]:
    """Compares an ONNX file with the graph that another route gives of the same model.

    Returns:
        `route`; `converts`, and the `reason` where it does not; else whether its graph `agrees`
        within the certificate's tolerance, how much of it was `used` (None without floats), and how
        many of the integer `values` were `equal`.
    """
    route = routes.native_route()
    if route is None:
        return {"route": None, "converts": False, "reason": "no other converter is installed"}
    graph = onnx.load(str(path), load_external_data=False)
    known = ranges(graph) | embedded(model) | dict(cardinality or {})
    batches = list(inputs.probes(signature(model), seed=seed, cardinality=known))
    ours = open_session(path)
    try:
        theirs = open_session(routes.convert(model, route=route).SerializeToString())
        deviations, agreements = compare(
            lambda feed: run(theirs, feed), lambda feed: run(ours, feed), batches
        )
    except RouteError as error:
        return {"route": route, "converts": False, "reason": error.reason}
    except ExportError as error:
        return {"route": route, "converts": False, "reason": str(error)}
    return {
        "route": route,
        "converts": True,
        "agrees": all_passed(deviations, agreements),
        "used": max((row.conditioned for row in deviations), default=None),
        "equal": sum(row.equal for row in agreements),
        "values": sum(row.values for row in agreements),
    }
