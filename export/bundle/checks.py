"""The checks of a bundle: each yields a line for every problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.bundle.identity import in_float32, parts_of_any_size
from export.bundle.reference import REFERENCE, read_reference, select
from export.certification.cardinality import cardinality, of_inputs
from export.certification.certificate import Certificate
from export.certification.certify import certify
from export.certification.compare import compare
from export.certification.inputs import Probe
from export.certification.native import Native
from export.errors import BundleError, CertificateError, ExportError
from export.precision.certificate import judge
from export.precision.fidelity import BOUNDS
from export.runtime import Session, files
from export.runtime.manifest import Manifest

STORED, NATIVE = "the stored reference", "the native model"


@dataclass
class Closeness:
    """How close each part came: `used` and `kept`, and `against` what; see `Verification`."""

    used: dict[str, float] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    against: dict[str, str] = field(default_factory=dict)


def changed_files(folder: Path) -> Iterator[str]:
    """Every file that is missing, additional, changed or no regular file."""
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


def inconsistencies(folder: Path, manifest: Manifest) -> Iterator[str]:
    """The contradictions between `bundle.json` and `SHA256SUMS`."""
    sums = files.read_checksums(folder)
    sums.pop(files.MANIFEST, None)
    if manifest.files != sums:
        names = {name for name, _ in set(manifest.files.items()) ^ set(sums.items())}
        yield f"bundle.json and SHA256SUMS disagree on {', '.join(sorted(names))}"
    for name, part in manifest.parts.items():
        if manifest.files.get(part.file) != part.sha256:
            yield f"bundle.json gives two hashes for {part.file} of the part {name!r}"


def graph_problems(folder: Path, manifest: Manifest, part: str) -> Iterator[str]:
    """A graph that is not valid, and a certificate that is missing, another's or not passed."""
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


def reference_problems(session: Session, found: Closeness) -> Iterator[str]:
    """Parts that do not give, in the session's engine, what they gave as the bundle was written."""
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
        yield from _compared(part, outputs, session, inputs, found)
        found.against[part] = STORED


def native_problems(session: Session, run: Any, found: Closeness) -> Iterator[str]:
    """Parts that do not give what the native model gives."""
    if isinstance(run, str | Path):
        import zoo

        run = zoo.load(run)
    model = in_float32(run)
    with model.averaged_weights():
        networks, free, limits = model.parts(), parts_of_any_size(model), cardinality(model)
        for name, part in session.manifest.parts.items():
            if name not in networks:
                yield f"the run has no part {name!r}"
                continue
            if any(None in port.shape for port in part.inputs):
                networks |= {name: free.get(name, networks[name])}
            try:
                if _lowest(session) != "float32":
                    inputs = select(read_reference(session.folder), f"{name}/input/")
                    truth = Native(networks[name])(inputs)
                    yield from _judged(name, truth, session.run(name, inputs), session, found)
                else:
                    certificate = certify(
                        networks[name],
                        session.folder / part.file,
                        name=name,
                        cardinality=of_inputs(part, limits[name]),
                    )
                    worst = certificate.worst
                    found.used[name] = worst.conditioned if worst else 0.0
            except (ExportError, ValueError) as error:
                yield f"the part {name!r}: {error}"
                continue
            found.against[name] = NATIVE


def _compared(
    part: str,
    outputs: dict[str, np.ndarray],
    session: Session,
    inputs: dict[str, np.ndarray],
    found: Closeness,
) -> Iterator[str]:
    try:
        if _lowest(session) != "float32":
            yield from _judged(part, outputs, session.run(part, inputs), session, found)
            return
        probe = Probe("reference", inputs)
        rows = compare(lambda _: outputs, lambda feed: session.run(part, feed), [probe])
    except (CertificateError, BundleError, ValueError, KeyError) as error:
        yield f"the part {part!r} does not run on its reference: {error}"
        return
    found.used[part] = max((row.conditioned for row in rows[0]), default=0.0)
    failed = [row.output for row in rows[0] if not row.passed]
    failed += [row.output for row in rows[1] if not row.passed]
    for output in failed:
        yield f"output {output!r} of the part {part!r} is not what it was"


def _judged(
    part: str,
    outputs: Mapping[str, np.ndarray],
    received: Mapping[str, np.ndarray],
    session: Session,
    found: Closeness,
) -> Iterator[str]:
    """Holds a part in lower precision against float32, by the bound that it was exported under."""
    ranges = {port.name: port.range for port in session.manifest.parts[part].outputs}
    rows = judge(outputs, received, ranges)
    found.kept[part] = "; ".join(f"{row.output} {row.kept}" for row in rows)
    for row in rows:
        for line in row.failures(BOUNDS[_lowest(session)]):
            yield f"the part {part!r} lost too much: {line}"


def _lowest(session: Session) -> str:
    """The lowest precision of a session's files and computations."""
    inferred = session.inference_precision
    return inferred if inferred != "float32" else session.manifest.precision
