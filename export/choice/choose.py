"""The choice of a bundle's precision and engine: candidates, their judgements, their times."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from export.bundle.parts import ConvertedPart, PartExport, finish_parts
from export.bundle.sealing import sha256
from export.certification.readings import inputs_of_uses
from export.choice import measuring
from export.choice.judging import judge
from export.choice.measuring import Measure, Workload, geometric_mean
from export.errors import ExportError
from export.machine import cores, instructions, processor
from export.runtime import openvino
from export.runtime.choice import BASELINE, Candidate, Choice, Rating
from export.runtime.engine import ENGINE_PROVIDERS, choose_providers
from export.runtime.graphs import Graphs
from export.runtime.manifest import Manifest
from zoo.uses import run

CANDIDATES = (
    BASELINE,
    Candidate("float32", "openvino"),
    Candidate("float32", "openvino", "bfloat16"),
    Candidate("int8", "onnxruntime"),
    Candidate("int8", "openvino"),
)
"""The more exact first."""
BATCHES = (1, 64)
MARGIN = 0.05
"""The share of time that a candidate has to save beside those before it; less may be chance."""
FEW = "No use could be run: every one reads data. Accepted: real_inputs."


@dataclass(frozen=True)
class Files:
    """The files of one precision.

    Attributes:
        folder: Where they are.
        parts: What was exported; none where the precision was rejected.
        reason: Why it was.
    """

    folder: Path
    parts: Sequence[PartExport] = ()
    reason: str | None = None

    def opened(self, candidate: Candidate, manifest: Manifest) -> Graphs:
        """The graphs of a candidate in its engine."""
        weights = {path.name: sha256(path) for path in self.folder.glob("*.onnx.data")}
        own = replace(manifest, parts={row.name: row.part for row in self.parts}, files=weights)
        return Graphs(
            self.folder,
            own,
            providers=ENGINE_PROVIDERS[candidate.engine],
            threads=None,
            inference_precision=candidate.inference_precision,
        )


def choose(
    stage: Path,
    converted: Sequence[ConvertedPart],
    manifest: Manifest,
    data: Mapping[str, np.ndarray] | None,
    *,
    measure: Measure | None = None,
) -> tuple[list[PartExport], Choice]:
    """Keeps the fastest candidate whose outputs pass in its own engine.

    Of two candidates whose times differ by less than `MARGIN`, the more exact one is kept. What
    comes out fastest is measured a second time, alone with float32 in ONNX Runtime, and the worse
    of both ratios counts: the fastest of several is easily one that was lucky.

    Args:
        stage: The folder of the float32 files; those of the choice are there in the end.
        converted: The parts.
        manifest: Of the bundle: its uses.
        data: Fields of a batch of data that the uses run on.
        measure: Measures the candidates; see `measuring.measure`, the default.

    Returns:
        The parts in the chosen precision, and the choice.
    """
    lower = stage / "int8"
    files = {
        "float32": Files(stage, finish_parts(converted, stage, "float32")),
        "int8": _lowered(converted, stage, lower),
    }
    workloads = list(_workloads(converted, manifest, data))
    graphs: dict[Candidate, Graphs] = {}
    ratings = []
    for candidate in CANDIDATES:
        own = files[candidate.precision]
        rating = Rating(candidate, reason=_absence(candidate, own))
        if rating.reason is None:
            opened = own.opened(candidate, manifest)
            rating = _judged(candidate, converted, own, opened)
        if rating.reason is None:
            rating = replace(rating, reason=_problem(opened, workloads))
        if rating.reason is None:
            graphs[candidate] = opened
        ratings.append(rating)
    rated = _measured(ratings, graphs, workloads, measure or measuring.measure)
    chosen = fastest(rated)
    choice = _choice(chosen, rated)
    parts = list(files[chosen.precision].parts)
    if chosen.precision == "int8":
        for part in parts:
            os.replace(lower / part.part.file, stage / part.part.file)
    elif chosen.inference_precision != "float32":
        parts = finish_parts(converted, stage, "float32", many=True)
    shutil.rmtree(lower, ignore_errors=True)
    return parts, choice


def fastest(ratings: Sequence[Rating]) -> Candidate:
    """The candidate to keep: each must save `MARGIN` of the time of the one kept before it."""
    kept, least = BASELINE, 1.0
    for rating in ratings:
        if rating.ratio is not None and rating.ratio <= (1 - MARGIN) * least:
            kept, least = rating.candidate, rating.ratio
    return kept


def _lowered(converted: Sequence[ConvertedPart], stage: Path, folder: Path) -> Files:
    """The int8 files, made of copies of the float32 ones."""
    folder.mkdir()
    try:
        for part in converted:
            shutil.copyfile(stage / part.file, folder / part.file)
        return Files(folder, finish_parts(converted, folder, "int8"))
    except ExportError as error:
        return Files(folder, reason=str(error))


def _workloads(
    converted: Sequence[ConvertedPart], manifest: Manifest, data: Mapping[str, Any] | None
) -> Iterator[Workload]:
    readings = converted[0].readings
    for count in BATCHES:
        for name, inputs in inputs_of_uses(manifest.uses, readings, data, count).items():
            yield Workload(name, manifest.uses[name], inputs)


def _absence(candidate: Candidate, files: Files) -> str | None:
    """Why a candidate cannot be opened here; None where it can."""
    if candidate.engine == "openvino" and not openvino.installed():
        return f"openvino is not installed. Install: {openvino.INSTALL}"
    if candidate.inference_precision == "bfloat16" and not openvino.has_bfloat16():
        return "This processor has no units for bfloat16."
    return files.reason


def _judged(
    candidate: Candidate, converted: Sequence[ConvertedPart], files: Files, graphs: Graphs
) -> Rating:
    """What a candidate keeps of each part, or why it is none."""
    float32 = files.folder if candidate.precision == "float32" else files.folder.parent
    try:
        kept = {
            part.name: judge(candidate, part, exported, graphs.open(part.name), float32 / part.file)
            for part, exported in zip(converted, files.parts, strict=True)
        }
    except (ExportError, ValueError) as error:
        return Rating(candidate, reason=str(error))
    return Rating(candidate, kept=kept)


def _problem(graphs: Graphs, workloads: Sequence[Workload]) -> str | None:
    """Why a candidate cannot run a workload, which compiles its graphs; None where it can."""
    try:
        for workload in workloads:
            run(workload.use, graphs.call, workload.inputs)
    except (ExportError, ValueError) as error:
        return str(error)
    return None


def _measured(
    ratings: Sequence[Rating],
    graphs: Mapping[Candidate, Graphs],
    workloads: Sequence[Workload],
    measure: Measure,
) -> tuple[Rating, ...]:
    """The ratings with the ratios of all candidates that run."""
    calls = {candidate: opened.call for candidate, opened in graphs.items()}
    if not workloads or len(calls) < 2:
        return tuple(_rated(row, {}) for row in ratings)
    ratios = measure(calls, workloads)
    rated = tuple(_rated(row, ratios.get(row.candidate, {})) for row in ratings)
    confirmed = {BASELINE}
    while (chosen := fastest(rated)) not in confirmed:
        confirmed.add(chosen)
        again = measure({kept: calls[kept] for kept in (BASELINE, chosen)}, workloads)[chosen]
        rated = tuple(_worse(row, again) if row.candidate == chosen else row for row in rated)
    return rated


def _rated(rating: Rating, ratios: dict[str, tuple[float, ...]]) -> Rating:
    if rating.candidate == BASELINE:
        return replace(rating, ratio=1.0, ratios=ratios)
    if rating.reason is not None:
        return rating
    if not ratios:
        return replace(rating, reason=FEW)
    return replace(rating, ratio=geometric_mean(ratios), ratios=ratios)


def _worse(rating: Rating, ratios: dict[str, tuple[float, ...]]) -> Rating:
    """A rating, or that of a second measurement where that is slower."""
    second = _rated(rating, ratios)
    return max(rating, second, key=lambda row: row.ratio or 0.0)


def _choice(candidate: Candidate, ratings: tuple[Rating, ...]) -> Choice:
    return Choice(
        candidate=candidate,
        processor=processor() or "unknown",
        instructions=tuple(instructions()),
        provider=choose_providers()[0][0],
        threads=len(cores()),
        versions=dict(_versions()),
        batches=BATCHES,
        margin=MARGIN,
        ratings=ratings,
    )


def _versions() -> Iterator[tuple[str, str]]:
    """The versions of the engines that are installed."""
    for package in ("onnxruntime", "openvino"):
        try:
            yield package, version(package)
        except PackageNotFoundError:  # onnxruntime-gpu and the like carry another name
            continue
