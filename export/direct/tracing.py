"""The numbers that stand for unknown sizes while a model is traced, and the proof that none stays.

Every model is traced twice with different numbers. Two equal graphs hold none of them: what a
graph does with a size, it computes from sizes when it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np
import onnx_ir as ir

from export.direct.constants import VARYING
from export.direct.graph import Graph
from export.direct.sizes import Root, Size
from export.errors import ExportError, UnsupportedOperation
from export.signature import side_of

Shapes = list[tuple[int | None, ...]]

# Batches, one more than there are traces: prime, so that no size of a layer divides them.
BATCHES = (211, 223, 227, 229, 233, 239)
# Two that agree suffice; others decide where one met a constant of the same number.
TRACES = 5
ENOUGH = 2
"""Failures of a plan, without a success, after which the next one is tried."""
PRIMES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53)
# Factors of the primes that other unknown sizes are traced as: most models halve their inputs no
# more than five times; tables of positions may be short; windows are of seven or eight pixels.
FACTORS = (32, 1, 224, 1024)


def traced(model: Any, start: Callable[[], Graph], fill: Callable[[Graph, Shapes], None]) -> Graph:
    """Returns the graph that a model is traced to, whatever numbers stand for unknown sizes.

    Unknown sizes are taken for different first. Where the model cannot compute with that, those of
    one axis and side are one, then those of the same axis, and then all.

    Args:
        model: A functional or sequential Keras model.
        start: Makes an empty graph.
        fill: Traces the model into it, for inputs of these shapes.

    Raises:
        UnsupportedOperation: The model cannot be converted; the reason is that of the trace that
            got farthest.
        ExportError: Every two traces differ.
    """
    failures: list[tuple[int, Exception]] = []
    for factor, group in plans(model):
        graphs: list[Graph] = []
        failed = 0
        difference = ""
        for attempt in range(TRACES if has_unknown(model) else 1):
            graph = start()
            try:
                fill(graph, shapes(model, factor, group, attempt))
            except (ExportError, ValueError, TypeError) as error:
                if any(_says_the_same(earlier, error) for _, earlier in failures):
                    raise error  # whatever the numbers are
                failures.append((len(graph.ir), error))
                # One that met a constant of its own number says nothing of the plan.
                failed += getattr(error, "operation", None) != VARYING
                if failed == ENOUGH and not graphs:
                    break
                continue
            graphs.append(graph)
            if not has_unknown(model):
                return graphs[-1]
            for earlier in graphs[:-1]:
                difference = differs(earlier, graphs[-1])
                if not difference:
                    return graphs[-1]
        if difference:
            raise UnsupportedOperation(
                difference,
                "a number that depends on an unknown size outside of keras.ops",
                "Compute it by keras.ops, or give the size in keras.Input or input_signature.",
            )
    _, reason = max(failures, key=lambda failure: failure[0])  # the first of those
    if isinstance(reason, ExportError):
        raise reason
    raise ExportError(
        f"The shapes of {model.name!r} could not be inferred. Received: {reason}. "
        "Accepted: a model whose sizes fit, or are given in keras.Input."
    ) from reason


def _says_the_same(one: Exception, two: Exception) -> bool:
    """Whether two traces failed alike; a failure that depends on the numbers names them."""
    if isinstance(one, UnsupportedOperation) and isinstance(two, UnsupportedOperation):
        if one.operation == VARYING:
            return False  # each may have met a constant of its own number
        return (one.layer, one.operation, one.advice) == (two.layer, two.operation, two.advice)
    return False


def plans(model: Any) -> Iterator[tuple[int, str]]:
    """A trial: the factor of the numbers, and the unknown sizes that are one."""
    unknown = [
        (x.name, axis)
        for x in model.inputs
        for axis, size in enumerate(x.shape)
        if axis and size is None
    ]
    groups = ["none"]
    sides = set(map(side_of, unknown))
    if 1 < len(sides) < len(unknown):
        groups.append("side")
    if len(unknown) > 1:
        groups += ["axis", "all"]
    for factor in FACTORS if unknown else FACTORS[:1]:
        for group in groups:
            yield factor, group


def has_unknown(model: Any) -> bool:
    """Whether any input has an unknown size."""
    return any(size is None for symbol in model.inputs for size in symbol.shape)


def shapes(model: Any, factor: int, group: str, attempt: int) -> Shapes:
    """The shapes of the inputs, with a `Size` in the place of every unknown one."""
    numbers = count()
    made: dict[Any, Size] = {}

    def size(name: str, axis: int) -> Size:
        key: Any = "batch"
        if axis:
            key = {
                "none": (name, axis),
                "side": side_of((name, axis)),
                "axis": axis,
                "all": "all",
            }[group]
        if key not in made:
            if key == "batch":
                pair = (BATCHES[attempt], BATCHES[attempt + 1])
                made[key] = Size.of(*pair, Root("batch"))
            else:
                place = next(numbers) + 2 * attempt
                pair = (factor * PRIMES[place % 12], factor * PRIMES[(place + 1) % 12])
                made[key] = Size.of(*pair, Root(f"{name}_{axis}"))
        return made[key]

    return [
        tuple(size(x.name, axis) if n is None else n for axis, n in enumerate(x.shape))
        for x in model.inputs
    ]


def differs(one: Graph, two: Graph) -> str:
    """Names the first node in which two graphs differ; empty where they are equal."""
    nodes = list(one.ir.all_nodes()), list(two.ir.all_nodes())
    for left, right in zip(*nodes, strict=False):
        if (
            left.op_type != right.op_type
            or [_name(value) for value in left.inputs] != [_name(value) for value in right.inputs]
            or not _same_attributes(left, right)
            or not all(map(_same_constant, left.inputs, right.inputs))
        ):
            return str(left.name)
    return "" if len(nodes[0]) == len(nodes[1]) else str(one.ir.name)


def _name(value: ir.Value | None) -> str | None:
    return None if value is None else value.name


def _same_attributes(left: ir.Node, right: ir.Node) -> bool:
    if set(left.attributes) != set(right.attributes):
        return False
    return all(
        str(entry.value) == str(right.attributes[name].value)
        for name, entry in left.attributes.items()
        if entry.type is not ir.AttributeType.GRAPH  # its nodes are compared one by one
    )


def _same_constant(left: ir.Value | None, right: ir.Value | None) -> bool:
    pair = [value.const_value if value is not None else None for value in (left, right)]
    if pair[0] is None or pair[1] is None:
        return pair[0] is pair[1]
    one, two = pair[0].numpy(), pair[1].numpy()
    if one.shape != two.shape or one.dtype != two.dtype:
        return False
    left_bytes, right_bytes = (np.atleast_1d(array).view(np.uint8) for array in (one, two))
    return one is two or np.array_equal(left_bytes, right_bytes)
