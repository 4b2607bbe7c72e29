"""Convolutions to twice the size as four convolutions of the small map, one for each phase.

A pixel of the large map reads few pixels of the small one, and which weights it reads them with
depends on whether its row and its column are even or odd. Four convolutions with those weights,
put side by side by a DepthToSpace, compute the same sums: 4/9 of the products of an enlargement
(nearest) before a window of three, and as many as a transposed convolution of stride two, which
ONNX Runtime computes by one large product and a sum of its overlaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import onnx_ir as ir

from export.direct.passes.helpers import (
    NodePass,
    constant,
    has_one_reader,
    initializer,
    is_ordinary,
)


class Rule(NamedTuple):
    """The shapes that a form is faster for.

    Measured by `python -m benchmarks.studies.lowering`, whose results are in
    `benchmarks/results/lowering.md`.

    Attributes:
        window: Of the convolution.
        least_inputs: Channels that are read.
        least_outputs: Channels that are made.
    """

    window: int
    least_inputs: int
    least_outputs: int


ENLARGED = (Rule(3, 64, 32),)
"""Enlargements by two, then a convolution of stride one to the same size."""
TRANSPOSED = (Rule(5, 256, 256),)
"""Transposed convolutions of stride two to twice the size."""

Taps = dict[int, list[int]]
"""By offset in the small map: the indices of the window's weights that are added up there."""


def are_met(rules: Sequence[Rule], window: int, inputs: int, outputs: int) -> bool:
    """Whether a layer's window and channels are those of a rule."""
    return any(
        window == rule.window and inputs >= rule.least_inputs and outputs >= rule.least_outputs
        for rule in rules
    )


class SplitIntoPhases(NodePass):
    """Rewrites enlargements with a convolution, and transposed ones, where the rules say so."""

    operators = {"Conv", "ConvTranspose"}

    def rewrite(self, graph: ir.Graph, node: ir.Node) -> bool:
        """Puts four convolutions, a Concat and a DepthToSpace in the place of a node."""
        kernel = node.inputs[1]
        weight = constant(kernel)
        if kernel is None or weight is None or weight.ndim != 4:
            return False
        if weight.shape[2] != weight.shape[3]:
            return False
        found = _enlarged(node, weight) or _transposed(node, weight)
        if found is None:
            return False
        source, weight, taps = found
        _split(graph, node, source, weight, taps)
        return True


def _enlarged(node: ir.Node, weight: np.ndarray) -> tuple[ir.Value, np.ndarray, list[Taps]] | None:
    """What a convolution of an enlarged map reads: the small map, `(out, in, h, w)`, its taps."""
    value = node.inputs[0]
    resize = None if value is None else value.producer()
    outputs, inputs, window, _ = weight.shape
    if node.op_type != "Conv" or resize is None or not _doubles(resize):
        return None
    if not has_one_reader(value) or not are_met(ENLARGED, window, inputs, outputs):
        return None
    reach = window // 2
    if not is_ordinary(node, strides={1}, pads={reach}):
        return None
    taps = [_floor_taps(window, phase - reach) for phase in (0, 1)]
    return resize.inputs[0], weight, taps


def _transposed(
    node: ir.Node, weight: np.ndarray
) -> tuple[ir.Value, np.ndarray, list[Taps]] | None:
    """What a transposed convolution reads, its weights as `(out, in, h, w)`, and its taps."""
    inputs, outputs, window, _ = weight.shape
    if node.op_type != "ConvTranspose" or not are_met(TRANSPOSED, window, inputs, outputs):
        return None
    if not is_ordinary(node, strides={2}) or "output_padding" in node.attributes:
        return None
    pads = list(node.attributes["pads"].as_ints()) if "pads" in node.attributes else [0] * 4
    begin, end = pads[0], pads[2]
    if pads != [begin, begin, end, end] or begin + end != window - 2:
        return None
    taps: list[Taps] = []
    for phase in (0, 1):
        read = [tap for tap in range(window) if (phase + begin - tap) % 2 == 0]
        taps.append({(phase + begin - tap) // 2: [tap] for tap in read})
    return node.inputs[0], weight.transpose(1, 0, 2, 3), taps


def _floor_taps(window: int, first: int) -> Taps:
    """The taps of a window over a map of which each pixel stands twice."""
    taps: Taps = {}
    for tap in range(window):
        taps.setdefault((first + tap) // 2, []).append(tap)
    return taps


def _split(
    graph: ir.Graph, node: ir.Node, source: ir.Value, weight: np.ndarray, taps: list[Taps]
) -> None:
    kernel, bias = node.inputs[1], list(node.inputs[2:])
    convolutions = []
    for rows, columns in product(taps, taps):
        own = _summed(_summed(weight, rows, 2), columns, 3)
        pads = [-min(rows), -min(columns), max(rows), max(columns)]
        attributes = {"pads": pads, "kernel_shape": own.shape[2:]}
        inputs = [source, initializer(graph, own, kernel), *bias]
        convolutions.append(ir.node("Conv", inputs, attributes))
    beside = ir.node("Concat", [made.outputs[0] for made in convolutions], {"axis": 1})
    spread = ir.node("DepthToSpace", [beside.outputs[0]], {"blocksize": 2, "mode": "DCR"})
    made, output = spread.outputs[0], node.outputs[0]
    made.shape, made.dtype = output.shape, output.dtype
    graph.insert_before(node, [*convolutions, beside, spread])
    made.name = output.name
    ir.convenience.replace_nodes_and_values(
        graph, node, [node], [*convolutions, beside, spread], [output], [made]
    )


def _summed(weight: np.ndarray, taps: Taps, axis: int) -> np.ndarray:
    """The weights at each offset, from the first on, along an axis."""
    moved = np.moveaxis(weight, axis, 0)
    sums = [moved[taps[at]].sum(axis=0) for at in range(min(taps), max(taps) + 1)]
    return np.moveaxis(np.stack(sums), 0, axis)


def _doubles(node: ir.Node) -> bool:
    """Whether a node repeats each pixel of images along both axes."""
    scales = constant(node.inputs[2]) if node.op_type == "Resize" and len(node.inputs) > 2 else None
    if scales is None or scales.tolist() != [1, 1, 2, 2]:
        return False
    names = {name: node.attributes[name].as_string() for name in RESIZE if name in node.attributes}
    return names == RESIZE


RESIZE = {
    "mode": "nearest",
    "coordinate_transformation_mode": "asymmetric",
    "nearest_mode": "floor",
}
