"""The inputs on which a single graph in lower precision is calibrated and judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx

from export.certification.cardinality import embedded
from export.certification.edges import usable_sizes
from export.certification.inputs import probes
from export.certification.integers import ranges
from export.certification.native import Native
from export.certification.readings import DRAWN, MIN_JUDGED
from export.errors import ExportError
from export.precision.fidelity import PRECISIONS
from export.signature import Signature

Arrays = Mapping[str, np.ndarray]


def check_own_precision(precision: str, signature: Signature, real: Arrays | None) -> None:
    """Raises where a single graph cannot have a precision."""
    if precision not in PRECISIONS:
        raise ExportError(
            f"A graph's precision must be a known one. Received: {precision!r}. "
            f"Accepted: {', '.join(PRECISIONS)}."
        )
    if precision == "float32":
        return
    if any(tensor.shape[0] is not None for tensor in signature.inputs):
        raise ExportError(
            "A lower precision is judged on batches of several sizes. Received: a model whose "
            "batch is fixed. Accepted: one whose batch is None, or precision='float32'."
        )
    if precision == "int8" and _rows(real) < MIN_JUDGED:
        raise ExportError(
            f"int8 is calibrated on real inputs. Received: {_rows(real)} rows. "
            f"Accepted: inputs={{name: array}} of {MIN_JUDGED} rows or more."
        )


def inputs_to_judge(
    native: Native,
    path: Path,
    real: Arrays | None,
    cardinality: Mapping[str, int] | None,
    seed: int,
) -> dict[str, Arrays]:
    """Real inputs where there are enough of them, else standard normal ones, by family.

    Args:
        native: The model.
        path: Its certified ONNX file.
        real: Inputs `(count, ...)` by name; those that it lacks are drawn.
        cardinality: How many values each integer input takes, where the graph does not tell.
        seed: Seed of the draws.
    """
    rows = _rows(real)
    given = real if rows >= MIN_JUDGED else None
    graph = onnx.load(str(path), load_external_data=False)
    known = ranges(graph) | embedded(native.model) | dict(cardinality or {})
    batches = probes(
        native.signature,
        seed=seed,
        cardinality=known,
        real=given,
        counts=(min(rows, DRAWN) if given else DRAWN,),
        sizes=usable_sizes(native, known, given)[:1],
    )
    family = "real" if given else "normal"
    return {family: next(probe.inputs for probe in batches if probe.family == family)}


def _rows(real: Arrays | None) -> int:
    return min((len(values) for values in (real or {}).values()), default=0)
