"""Decisions: whether a score is above a threshold, in the graph of a pipeline and beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from export.errors import CertificateError, ExportError
from export.pipelines.pipeline import Pipeline
from export.runtime.engine import open_session, run

SCORE, DECISION = "score", "decision"
RELATIVE = 1e-4
"""The half width of the band of scores in which rounding may decide, as a share of the threshold:
what a certificate allows."""


def with_decision(pipeline: Pipeline, threshold: float) -> None:
    """Adds the result `decision`, bool `(batch,)`: whether the score is above the threshold.

    A score that is no number is an anomaly.

    Raises:
        ExportError: The use gives no score, or the threshold is no finite number.
    """
    if SCORE not in pipeline.results:
        raise ExportError(
            f"A threshold is of a use with the result {SCORE!r}. "
            f"Received: results {', '.join(pipeline.results)}."
        )
    if not np.isfinite(threshold):
        raise ExportError(f"A threshold is a finite number. Received: {threshold}.")
    assembly = pipeline.assembly
    stored = assembly.constant("decision/threshold", np.float32(threshold))
    assembly.after("LessOrEqual", [SCORE, stored], "decision/normal")
    assembly.after("Not", ["decision/normal"], DECISION)
    shape = next(
        entry.type.tensor_type.shape for entry in assembly.model.graph.output if entry.name == SCORE
    )
    found = helper.make_tensor_value_info(DECISION, TensorProto.BOOL, None)
    found.type.tensor_type.shape.CopyFrom(shape)
    assembly.model.graph.output.append(found)


def check_decision(pipeline: Pipeline, path: Path, threshold: float) -> None:
    """Raises unless the graph decides as its own scores say."""
    made = run(open_session(path), pipeline.inputs)
    if not np.array_equal(made[DECISION], ~(made[SCORE] <= np.float32(threshold))):
        raise CertificateError("A decision must be whether the score is above the threshold.")


@dataclass(frozen=True)
class Agreement:
    """How the decisions of two engines agree on the same rows.

    Attributes:
        rows: How many.
        flagged: How many the first one flags.
        band: The distance from the threshold within which rounding may decide.
        within: Rows of which either score lies in the band.
        differing: Decisions that differ.
        outside: Decisions that differ outside the band: none, or the certificate fails.
        largest: The largest difference of two scores, as a share of the threshold.
    """

    rows: int
    flagged: int
    band: float
    within: int
    differing: int
    outside: int
    largest: float


def compare_decisions(
    scores: np.ndarray, others: np.ndarray, threshold: float, relative: float = RELATIVE
) -> Agreement:
    """Holds the decisions by two sets of scores of the same rows against each other.

    Args:
        scores: `(count,)`.
        others: `(count,)`, of the other engine.
        threshold: Above which a row is flagged.
        relative: The half width of the band, as a share of the threshold.
    """
    limit = np.float32(threshold)
    band = relative * abs(threshold)
    scores, others = np.asarray(scores), np.asarray(others)
    near = np.minimum(np.abs(scores - limit), np.abs(others - limit)) <= band
    differing = (scores > limit) != (others > limit)
    return Agreement(
        rows=len(scores),
        flagged=int((scores > limit).sum()),
        band=float(band),
        within=int(near.sum()),
        differing=int(differing.sum()),
        outside=int((differing & ~near).sum()),
        largest=float(np.abs(scores.astype("float64") - others).max() / abs(threshold)),
    )
