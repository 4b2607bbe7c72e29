"""The first layer whose output differs, found by bisection over a model's layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from export.certification.compare import compare
from export.certification.inputs import Probe
from export.certification.native import Native
from export.errors import ExportError
from export.runtime.engine import open_session, run
from export.signature import graph_of


def first_difference(native: Native, batches: list[Probe]) -> str:
    """Says at which layer the graph parts from the model; empty where that is not found."""
    import keras

    tensors = [
        tensor
        for operation in graph_of(native.model).operations
        for node in operation._inbound_nodes
        if not node.is_input
        for tensor in node.output_tensors
        if "float" in tensor.dtype
    ]
    low, high, found = 0, len(tensors), ""
    while low < high:
        middle = (low + high) // 2
        tensor = tensors[middle]
        try:
            part = keras.Model(native.model.inputs, {"part": tensor})
            worst = _largest(part, batches)
        except (ExportError, ValueError, KeyError):
            return found  # a part that stands not by itself
        if worst:
            high = middle
            found = f" {tensor._keras_history.operation.name} differs by {worst:.1g}."
        else:
            low = middle + 1
    return found


def _largest(part: Any, batches: list[Probe]) -> float:
    """The largest difference of a part of the model that is out of tolerance; 0 without one."""
    from export.direct import convert

    native = Native(part)
    session = open_session(convert(native.model).SerializeToString())
    names = [tensor.name for tensor in native.signature.inputs]
    probes = [
        Probe(probe.family, {name: probe.inputs[name] for name in names}) for probe in batches
    ]
    rows, _ = compare(native, lambda feed: run(session, feed), probes)
    failed = [row.absolute for row in rows if not row.passed]
    return float(np.max(failed)) if failed else 0.0
