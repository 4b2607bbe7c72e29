"""Graphs of one part against one another in ONNX Runtime: the same outputs, nodes, and latency."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnx
import onnxruntime

from benchmarks.agreement import refuse_difference
from benchmarks.conditions import cores
from benchmarks.conversions import graph_file
from benchmarks.errors import WrongOutput
from benchmarks.timing import in_turn
from export.certify import count_nodes
from export.errors import BundleError
from export.runtime import engine

Row = dict[str, Any]
Arrays = dict[str, np.ndarray]
Sessions = dict[str, onnxruntime.InferenceSession]

# What ONNX Runtime puts around convolutions in its own blocked layout; on other processors than
# x86-64 and arm64 there are none.
REORDERS = ("ReorderInput", "ReorderOutput")


@dataclass(frozen=True)
class Course:
    """What is timed, and for how long."""

    batches: Sequence[int] = (1, 32)
    rounds: int = 25
    round_seconds: float = 0.02


def race(rows: Sequence[Row], folder: Path, course: Course) -> list[Row]:
    """The rows of one part, the first being what the others are held against, with their figures.

    Adds `nodes` of the graph as it was written, `transposes` and `reorders` of the graph as ONNX
    Runtime optimizes it, and by batch the seconds per call of the `fastest` round and of the
    `median` one, where the middle call stands for a round. A graph that ONNX Runtime cannot open or
    compute, or that computes something else, gets an `error`.

    Args:
        rows: As `benchmarks.conversions` prints them; those with an error stay as they are.
        folder: Where their graphs are.
        course: What is timed.
    """
    found = {row["route"]: dict(row) for row in rows}
    sessions = {}
    for route, row in found.items():
        if "error" not in row:
            try:
                sessions[route] = _open(graph_file(folder, row))
            except BundleError as error:
                row["error"] = str(error).replace(f"{folder}/", "")
            else:
                row |= {**_counts(graph_file(folder, row)), "fastest": {}, "median": {}}
    for batch in course.batches:
        feeds = _feeds(sessions, rows[0]["cardinality"], batch)
        for route, reason in _refuted(sessions, feeds).items():
            found[route]["error"] = f"{reason} (batch {batch})"
            del sessions[route]
        calls = [partial(engine.run, session, feeds) for session in sessions.values()]
        rounds = list(islice(in_turn(calls, course.round_seconds), course.rounds))
        for place, route in enumerate(sessions):
            medians = [sides[place].median for sides in rounds]
            found[route]["fastest"][str(batch)] = min(medians)
            found[route]["median"][str(batch)] = median(medians)
    return list(found.values())


def optimized(path: Path) -> onnx.ModelProto:
    """The graph that ONNX Runtime runs in the place of the one in the file."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder) / "optimized.onnx")
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


def _open(path: Path) -> onnxruntime.InferenceSession:
    return engine.open_session(path, providers=["cpu"], threads=len(cores()))


def _counts(path: Path) -> dict[str, int]:
    after = optimized(path)
    return {
        "nodes": count_nodes(onnx.load(path)),
        "optimized": count_nodes(after),
        "transposes": count_nodes(after, "Transpose"),
        "reorders": sum(count_nodes(after, kind) for kind in REORDERS),
        "bytes": path.stat().st_size,
    }


def _feeds(sessions: Sessions, cardinality: Mapping[str, int], batch: int) -> Arrays:
    """Standard normal floats, and integers that the part accepts."""
    rng = np.random.default_rng([0, batch])
    feeds = {}
    for entry in next((session.get_inputs() for session in sessions.values()), []):
        size = (batch, *entry.shape[1:])
        kind = entry.type.removeprefix("tensor(").removesuffix(")")
        if kind == "float":
            feeds[entry.name] = rng.standard_normal(size).astype("float32")
        else:
            feeds[entry.name] = rng.integers(cardinality[entry.name], size=size).astype(kind)
    return feeds


def _refuted(sessions: Sessions, feeds: Arrays) -> dict[str, str]:
    """Whose graph cannot be computed, or differs from the first one's outputs, and how."""
    errors: dict[str, str] = {}
    expected: Arrays = {}
    for route, session in sessions.items():
        try:
            outputs = engine.run(session, feeds)
            expected = expected or outputs
            refuse_difference(outputs, expected)
        except (BundleError, WrongOutput) as error:
            errors[route] = str(error)
    return errors
