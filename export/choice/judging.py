"""The fidelity of a candidate, judged in its own engine."""

from __future__ import annotations

from pathlib import Path

from export.bundle.parts import ConvertedPart, PartExport
from export.certification.certificate import all_passed, closeness, failures
from export.certification.compare import compare
from export.certification.edges import usable_sizes
from export.certification.inputs import BATCHES, probes
from export.errors import CertificateError
from export.precision.certificate import judge_families, judged
from export.precision.fidelity import BOUNDS, Fidelity
from export.runtime.choice import BASELINE, Candidate
from export.runtime.engine import Graph, open_session, run


def judge(
    candidate: Candidate, part: ConvertedPart, files: PartExport, graph: Graph, float32: Path
) -> str:
    """How close a part of a candidate comes to float32, in words.

    Float32 is compared with the native model as in a certificate, lower precision with float32 in
    ONNX Runtime by the bounds of its own.

    Args:
        candidate: The candidate.
        part: The converted part.
        files: What was exported of it in the candidate's precision.
        graph: The file, opened in the candidate's engine.
        float32: The part's file in float32.

    Raises:
        CertificateError: It comes not close enough.
        BundleError: The engine cannot compute the part.
        ExportError: Too few inputs are known of the part.
    """
    if candidate == BASELINE:
        return _of_tolerance(part.certificate.closeness)
    if candidate.engine == BASELINE.engine and files.lowered is not None:
        return _kept(files.lowered.outputs)
    if candidate.inference_precision == candidate.precision == "float32":
        return _compare_with_native(candidate, part, graph)
    return _compare_with_float32(candidate, part, graph, float32)


def _compare_with_native(candidate: Candidate, part: ConvertedPart, graph: Graph) -> str:
    native, real = part.native, part.readings.real(part.name) or None
    sizes = usable_sizes(native, part.limits, real)
    batches = list(
        probes(
            native.signature,
            seed=0,
            cardinality=part.limits,
            real=real,
            counts=BATCHES,
            sizes=sizes,
        )
    )
    rows = compare(native, lambda feed: run(graph, feed), batches)
    if not all_passed(*rows):
        raise CertificateError(
            f"The part {part.name!r} differs from the native model in {candidate.named}. "
            f"Received: {'; '.join(failures(*rows))}."
        )
    return _of_tolerance(closeness(*rows))


def _compare_with_float32(
    candidate: Candidate, part: ConvertedPart, graph: Graph, float32: Path
) -> str:
    families = part.readings.typical(part.name)
    inputs = judged(families)
    truth, answer = run(open_session(float32), inputs), run(graph, inputs)
    rows = judge_families(families, truth, answer, part.ranges)
    lowest = candidate.inference_precision
    bound = BOUNDS[candidate.precision if lowest == "float32" else lowest]
    lines = [line for row in rows for line in row.failures(bound)]
    if lines:
        raise CertificateError(
            f"The part {part.name!r} loses too much: {candidate.described}. "
            f"Received: {'; '.join(lines)}."
        )
    return _kept(rows)


def _kept(rows: tuple[Fidelity, ...]) -> str:
    return "; ".join(f"{row.described} {row.kept}" for row in rows)


def _of_tolerance(text: str) -> str:
    return f"{text} of the tolerance" if text.endswith("%") else text
