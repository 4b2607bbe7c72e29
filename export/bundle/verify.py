"""Checks a bundle: every byte against its hashes, every graph against what it gave before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.bundle.reference import REFERENCE, read_reference, select
from export.certification import examples
from export.certification.certificate import Certificate
from export.certification.certify import certify, compare
from export.certification.inputs import Probe
from export.certification.native import Native
from export.errors import BundleError, CertificateError, ExportError
from export.precision.certificate import BOUNDS, judge
from export.runtime import Session, files
from export.runtime.manifest import Manifest, read_manifest


@dataclass(frozen=True)
class Verification:
    """What was checked of a bundle, and every problem that was found.

    `used` is the part of the tolerance that each part's outputs took, `kept` what those in lower
    precision keep of float32, and `against` what they were last compared with: the stored
    reference, then the native model. The hashes show changes since the bundle was written, not who
    wrote it.
    """

    folder: str
    files: int
    parts: tuple[str, ...]
    used: dict[str, float]
    kept: dict[str, str]
    against: dict[str, str]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    def summary(self) -> str:
        """A line for each part and each problem."""
        lines = [f"{self.folder}: {'verified' if self.ok else 'NOT VERIFIED'}, {self.files} files"]
        lines += [
            f"  {part}: {used:.1%} of the tolerance against {self.against[part]}"
            for part, used in self.used.items()
        ]
        lines += [f"  {p}: {kept} against {self.against[p]}" for p, kept in self.kept.items()]
        return "\n".join(lines + [f"  problem: {problem}" for problem in self.problems])

    def to_json(self) -> dict[str, Any]:
        """The report in JSON terms, with its verdict."""
        return {"ok": self.ok, **asdict(self)}


def verify(folder: str | Path, run: Any = None) -> Verification:
    """Verifies a bundle.

    Every file's hash, missing and additional files, ONNX's full checker on every graph, the
    outputs for the stored reference inputs, and where a run is given, the native model's.

    Args:
        folder: The bundle.
        run: A model of the zoo, or the path of a run folder or `.keras` file, to compare with.

    Returns:
        A report; `ok` is its verdict. A folder that is no bundle is a report with a problem.
    """
    folder = Path(folder)
    problems: list[str] = []
    used: dict[str, float] = {}
    kept: dict[str, str] = {}
    against: dict[str, str] = {}
    try:
        problems += changed_files(folder)
        manifest = read_manifest(folder)
        problems += _inconsistencies(folder, manifest)
    except BundleError as error:
        return Verification(str(folder), 0, (), used, kept, against, (*problems, str(error)))
    if not problems:
        session = Session(folder)
        for part in manifest.parts:
            problems += _graph_problems(folder, manifest, part)
        if not problems:
            problems += _reference_problems(session, used, kept)
            against |= dict.fromkeys([*used, *kept], "the stored reference")
        if not problems and run is not None:
            native: dict[str, float] = {}
            native_kept: dict[str, str] = {}
            problems += _native_problems(session, run, native, native_kept)
            used |= native
            kept |= native_kept
            against |= dict.fromkeys([*native, *native_kept], "the native model")
    count, parts = len(manifest.files) + 2, tuple(manifest.parts)
    return Verification(str(folder), count, parts, used, kept, against, tuple(problems))


def changed_files(folder: Path) -> Iterator[str]:
    """Yields a line for every file that is missing, additional, changed or no regular file."""
    if not folder.is_dir():
        raise BundleError(f"A bundle is a folder. Received: {str(folder)!r}.")
    sums = files.read_checksums(folder)
    present = {path.name for path in folder.iterdir()} - {files.CHECKSUMS}
    for name in sorted(set(sums) | present):
        if name not in present:
            yield f"{name} is missing"
        elif name not in sums:
            yield f"{name} is not part of the bundle"
        else:
            try:
                found = files.sha256(folder, name)
            except BundleError as error:
                yield str(error)
            else:
                if found != sums[name]:
                    yield f"{name} was changed: sha256 {found}, was {sums[name]}"


def _inconsistencies(folder: Path, manifest: Manifest) -> Iterator[str]:
    sums = files.read_checksums(folder)
    sums.pop(files.MANIFEST, None)
    if manifest.files != sums:
        names = {name for name, _ in set(manifest.files.items()) ^ set(sums.items())}
        yield f"bundle.json and SHA256SUMS disagree on {', '.join(sorted(names))}"
    for name, part in manifest.parts.items():
        if manifest.files.get(part.file) != part.sha256:
            yield f"bundle.json gives two hashes for {part.file} of the part {name!r}"


def _graph_problems(folder: Path, manifest: Manifest, part: str) -> Iterator[str]:
    path = folder / manifest.parts[part].file
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        yield f"{path.name} is not valid ONNX: {error}"
    try:
        content = files.read_json(
            files.read(folder, "certificate.json", files.MAX_TEXT), "certificate.json"
        )
        certificate = Certificate.from_json(content["parts"][part])
        certified = certificate.file_sha256
        if manifest.precision != "float32":
            certified = content["precision"][part]["file_sha256"]
    except (KeyError, TypeError, ExportError) as error:
        yield f"certificate.json has no certificate of the part {part!r}: {error}"
        return
    if certified != manifest.parts[part].sha256:
        yield f"the certificate of the part {part!r} is of another file"
    if not certificate.passed:
        yield f"the certificate of the part {part!r} is not passed"


def _reference_problems(
    session: Session, used: dict[str, float], kept: dict[str, str]
) -> Iterator[str]:
    try:
        arrays = read_reference(session.folder)
    except BundleError as error:
        yield str(error)
        return
    for part in session.manifest.parts:
        inputs = select(arrays, f"{part}/input/")
        outputs = select(arrays, f"{part}/output/")
        if not inputs or not outputs:
            yield f"{REFERENCE} holds nothing of the part {part!r}"
            continue
        yield from _compared(part, outputs, session, inputs, used, kept)


def _compared(
    part: str,
    outputs: dict[str, np.ndarray],
    session: Session,
    inputs: dict[str, np.ndarray],
    used: dict[str, float],
    kept: dict[str, str],
) -> Iterator[str]:
    manifest = session.manifest
    try:
        if manifest.precision != "float32":
            yield from _judged(part, outputs, session.run(part, inputs), manifest, kept)
            return
        probe = Probe("reference", inputs)
        rows = compare(lambda _: outputs, lambda feed: session.run(part, feed), [probe])
    except (CertificateError, BundleError, ValueError, KeyError) as error:
        yield f"the part {part!r} does not run on its reference: {error}"
        return
    used[part] = max((row.conditioned for row in rows[0]), default=0.0)
    failed = [row.output for row in rows[0] if not row.passed]
    failed += [row.output for row in rows[1] if not row.passed]
    for output in failed:
        yield f"output {output!r} of the part {part!r} is not what it was"


def _judged(
    part: str,
    outputs: Mapping[str, np.ndarray],
    received: Mapping[str, np.ndarray],
    manifest: Manifest,
    kept: dict[str, str],
) -> Iterator[str]:
    """Holds a part in lower precision against float32, by the bound that it was exported under."""
    bound = BOUNDS[manifest.precision]
    rows = judge(manifest.parts[part], outputs, received, manifest.value_range)
    kept[part] = "; ".join(f"{row.output} {row.kept}" for row in rows)
    for row in rows:
        yield from (f"the part {part!r} lost too much: {line}" for line in row.failures(bound))


def _native_problems(
    session: Session, run: Any, used: dict[str, float], kept: dict[str, str]
) -> Iterator[str]:
    if isinstance(run, str | Path):
        import zoo

        run = zoo.load(run)
    model = examples.in_float32(run)
    with model.averaged_weights():
        networks = model.parts()
        for name, part in session.manifest.parts.items():
            if name not in networks:
                yield f"the run has no part {name!r}"
                continue
            network = networks[name]
            try:
                if session.manifest.precision != "float32":
                    inputs = select(read_reference(session.folder), f"{name}/input/")
                    received = session.run(name, inputs)
                    truth = Native(network)(inputs)
                    yield from _judged(name, truth, received, session.manifest, kept)
                    continue
                certificate = certify(
                    network,
                    session.folder / part.file,
                    name=name,
                    cardinality=examples.cardinality(model, network),
                )
            except ExportError as error:
                yield str(error)
            else:
                used[name] = certificate.worst.conditioned if certificate.worst else 0.0
