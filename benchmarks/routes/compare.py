"""Comparison of routes' graphs of one part in ONNX Runtime: outputs, nodes and latency."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from benchmarks.errors import WrongOutput
from benchmarks.measure.correctness import check_outputs
from benchmarks.measure.statistics import speedup, summarize
from benchmarks.routes.convert import graph_file
from export.certification.certify import count_nodes
from export.errors import BundleError
from export.machine import cores
from export.runtime import engine
from export.timing import in_turn

Row = dict[str, Any]
Arrays = dict[str, np.ndarray]
Sessions = dict[str, onnxruntime.InferenceSession]

# Operators that ONNX Runtime puts around convolutions in its blocked layout, on x86-64 and arm64.
REORDERS = ("ReorderInput", "ReorderOutput")


UNKNOWN_SIZE = 16
"""The number in place of a size that may be any."""


@dataclass(frozen=True)
class Schedule:
    """Batch sizes, and the number and duration of rounds."""

    batches: Sequence[int] = (1, 32)
    rounds: int = 51
    round_seconds: float = 0.02


def compare_routes(rows: Sequence[Row], folder: Path, schedule: Schedule) -> list[Row]:
    """The rows of one part with their figures; the first row's route is the baseline.

    Adds `nodes` of the graph as it was written, `transposes` and `reorders` of the graph that ONNX
    Runtime optimizes, and by batch its `latency` and its `ratio` to the baseline. A graph that ONNX
    Runtime cannot open or run, or whose outputs differ from the baseline's, gets an `error`.

    A ratio is the median of those within rounds. The fastest calls are less reliable: in small
    graphs they depend on the wake-up of the second thread, and differ between sessions of the same
    graph by up to 10 %, the median ratio by 2 %.

    Args:
        rows: As `benchmarks.routes.convert` prints them; those with an error are not compared.
        folder: The folder of their graphs.
        schedule: The schedule of the timings.
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
                row |= {**_counts(graph_file(folder, row)), "latency": {}, "ratio": {}}
    for batch in schedule.batches:
        feeds = _feeds(sessions, rows[0]["cardinality"], batch)
        for route, reason in _failures(sessions, feeds).items():
            found[route]["error"] = f"{reason} (batch {batch})"
            del sessions[route]
        calls = [partial(engine.run, session, feeds) for session in sessions.values()]
        rounds = list(islice(in_turn(calls, schedule.round_seconds), schedule.rounds))
        seconds = [[side.median for side in sides] for sides in zip(*rounds, strict=True)]
        for route, ours in zip(sessions, seconds, strict=True):
            found[route]["latency"][str(batch)] = asdict(summarize(ours))
            found[route]["ratio"][str(batch)] = asdict(speedup(ours, seconds[0]))
    return list(found.values())


def optimized(path: Path) -> onnx.ModelProto:
    """The graph that ONNX Runtime makes of the one in the file."""
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
        size = (batch, *(n if isinstance(n, int) else UNKNOWN_SIZE for n in entry.shape[1:]))
        kind = entry.type.removeprefix("tensor(").removesuffix(")")
        if kind == "float":
            feeds[entry.name] = rng.standard_normal(size).astype("float32")
        else:
            feeds[entry.name] = rng.integers(cardinality[entry.name], size=size).astype(kind)
    return feeds


def _failures(sessions: Sessions, feeds: Arrays) -> dict[str, str]:
    """Routes whose graph fails to run or disagrees with the baseline, with the error."""
    errors: dict[str, str] = {}
    expected: Arrays = {}
    for route, session in sessions.items():
        try:
            outputs = engine.run(session, feeds)
            expected = expected or outputs
            check_outputs(outputs, expected)
        except (BundleError, WrongOutput) as error:
            errors[route] = str(error)
    return errors
