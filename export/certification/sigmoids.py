"""What ONNX Runtime's Sigmoid, which is coarse, adds to a difference on large inputs.

It is up to 5e-8 off, and 0 below -18 (docs/upstream.md): a gate that should be all but closed is
closed, or a little open, which large numbers behind it show.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from export.certification.certificate import Deviation
from export.certification.compare import LARGE_FAMILIES, Predictor, compare
from export.certification.inputs import Probe
from export.runtime.engine import open_session, run

MOST_BYTES = 2**30
"""Of a graph that is written anew in memory."""


def explained(
    path: Path, native: Predictor, rows: Sequence[Deviation], probes: Sequence[Probe]
) -> tuple[tuple[Deviation, ...], list[str]]:
    """The rows of a graph, those that fail for its Sigmoids measured without them, and notes.

    Args:
        path: The ONNX file.
        native: The native model.
        rows: The differences that were found.
        probes: The inputs that they were found on.
    """
    failed = {
        (row.output, row.family) for row in rows if not row.passed and row.family in LARGE_FAMILIES
    }
    if not failed or sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*")) > (
        MOST_BYTES
    ):
        return tuple(rows), []
    graph = onnx.load(str(path))
    if not rewrite(graph.graph):
        return tuple(rows), []
    session = open_session(graph.SerializeToString())
    families = {family for _, family in failed}
    again, _ = compare(
        native,
        lambda feed: run(session, feed),
        [probe for probe in probes if probe.family in families],
    )
    passed = {(row.output, row.family): row for row in again if row.passed}
    mended = failed & set(passed)
    notes = [
        f"{output} on {family} inputs agrees but for ONNX Runtime's Sigmoid, which is up to 5e-8 "
        "off and 0 below -18"
        for output, family in sorted(mended)
    ]
    return tuple(
        passed[row.output, row.family] if (row.output, row.family) in mended else row
        for row in rows
    ), notes


def rewrite(graph: onnx.GraphProto) -> bool:
    """Writes each Sigmoid as 1 / (1 + exp(-x)), and says whether there was one."""
    found = [node for node in graph.node if node.op_type == "Sigmoid"]
    nodes = []
    for node in graph.node:
        if node.op_type != "Sigmoid":
            nodes.append(node)
            continue
        (given,), (made,) = node.input, node.output
        names = [f"{made}/{step}" for step in ("negative", "exponential", "sum")]
        nodes += [
            helper.make_node("Neg", [given], names[:1]),
            helper.make_node("Exp", names[:1], names[1:2]),
            helper.make_node("Add", [names[1], "exact/one"], names[2:]),
            helper.make_node("Reciprocal", names[2:], [made]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)
    if found:
        graph.initializer.append(numpy_helper.from_array(np.ones((), "float32"), "exact/one"))
    return bool(found)
