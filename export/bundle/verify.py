"""Checks a bundle: every byte against its hashes, every graph against what it gave before."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from export.bundle import checks
from export.errors import BundleError
from export.runtime import Session, openvino
from export.runtime.choice import BASELINE, Choice
from export.runtime.manifest import read_manifest


@dataclass(frozen=True)
class Verification:
    """The checks of a bundle, and every problem that was found.

    `used` is the part of the tolerance that each part's outputs took, `kept` what those in lower
    precision keep of float32, and `against` what they were last compared with: the stored
    reference, then the native model. `chosen` says what a bundle exported with `--precision auto`
    chose, and whether its engine was here to run the reference in. The hashes show changes since
    the bundle was written, not who wrote it.
    """

    folder: str
    files: int
    parts: tuple[str, ...]
    used: dict[str, float] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    against: dict[str, str] = field(default_factory=dict)
    chosen: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return not self.problems

    def summary(self) -> str:
        """A line for each part and each problem."""
        lines = [f"{self.folder}: {'verified' if self.ok else 'NOT VERIFIED'}, {self.files} files"]
        lines += [
            f"  {part}: {used:.1%} of the tolerance against {self.against[part]}"
            for part, used in self.used.items()
        ]
        lines += [f"  {p}: {kept} against {self.against[p]}" for p, kept in self.kept.items()]
        lines += [f"  chosen: {self.chosen}"] if self.chosen else []
        return "\n".join(lines + [f"  problem: {problem}" for problem in self.problems])

    def to_json(self) -> dict[str, Any]:
        """The report in JSON terms, with its verdict."""
        return {"ok": self.ok, **asdict(self)}


def verify(folder: str | Path, run: Any = None, *, raise_on_problem: bool = True) -> Verification:
    """Verifies a bundle.

    Every file's hash, missing and additional files, ONNX's full checker on every graph, the
    outputs for the stored reference inputs, and where a run is given, the native model's.

    Args:
        folder: The bundle.
        run: A model of the zoo, or the path of a run folder or `.keras` file, to compare with.
        raise_on_problem: Whether a problem is an error; else the report lists it, also that a
            folder is no bundle.

    Returns:
        A report; `ok` is its verdict.

    Raises:
        BundleError: There is a problem; the error carries the report as `report`.
    """
    report = _report(Path(folder), run)
    if report.problems and raise_on_problem:
        error = BundleError(
            f"The bundle {report.folder} could not be verified. "
            f"Received: {'; '.join(report.problems)}."
        )
        error.report = report  # type: ignore[attr-defined]
        raise error
    return report


def _report(folder: Path, run: Any) -> Verification:
    problems: list[str] = []
    try:
        problems += checks.changed_files(folder)
        manifest = read_manifest(folder)
        problems += checks.inconsistencies(folder, manifest)
    except BundleError as error:
        return Verification(str(folder), 0, (), problems=(*problems, str(error)))
    found = checks.Closeness()
    chosen = None
    if not problems:
        session = Session(folder)
        for part in manifest.parts:
            problems += checks.graph_problems(folder, manifest, part)
        if not problems:
            problems += checks.reference_problems(session, found)
        if not problems and manifest.choice is not None:
            chosen, others = _check_choice(folder, manifest.choice)
            problems += others
        if not problems and run is not None:
            problems += checks.native_problems(session, run, found)
    return Verification(
        str(folder),
        len(manifest.files) + 2,
        tuple(manifest.parts),
        found.used,
        found.kept,
        found.against,
        chosen,
        tuple(problems),
    )


def _check_choice(folder: Path, choice: Choice) -> tuple[str, list[str]]:
    """What a bundle chose, in words, and the problems of its parts in that engine."""
    candidate = choice.candidate
    text = f"{candidate.described}, as {choice.reason}, on {choice.processor}"
    if candidate.engine == BASELINE.engine:
        return text, []
    if not openvino.installed():
        return f"{text}; not checked there: openvino is not installed", []
    session = Session(
        folder, engine=candidate.engine, inference_precision=candidate.inference_precision
    )
    found = checks.Closeness()
    problems = [
        f"in {candidate.named}: {line}" for line in checks.reference_problems(session, found)
    ]
    if problems:
        return text, problems
    kept = [f"{part} {used:.1%} of the tolerance" for part, used in found.used.items()]
    kept += [f"{part} {words}" for part, words in found.kept.items()]
    return f"{text}; checked there: {', '.join(kept)}", []
