"""Whole pipelines as one graph, put together from the parts of a bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from export.certification.certificate import all_passed
from export.certification.certify import compare
from export.certification.inputs import Probe
from export.errors import CertificateError, ExportError
from export.pipelines import stages
from export.pipelines.density import Density, fit_density
from export.pipelines.kinds import KINDS, Pipeline
from export.precision.certificate import BOUNDS
from export.precision.fidelity import measure
from export.runtime import Session
from export.runtime.engine import open_session, run
from export.runtime.manifest import Manifest, Noise
from export.storage import storing

__all__ = ["Density", "fit_density", "to_pipeline"]

ROUNDED = 0.51  # of a level: rounding to the nearest, itself rounded
TRIED = 3  # rows that a pipeline with noise of its own is tried on


def to_pipeline(
    bundle: str | Path,
    path: str | Path,
    kind: str,
    *,
    uint8: bool = False,
    random: bool = False,
    truncation: bool = False,
    density: Density | None = None,
) -> Path:
    """Writes a pipeline of a bundle as one ONNX file, once it agrees with the parts in sequence.

    - `encode`: `data` → the codes, under their name in the bundle.
    - `decode`: latents or code indices → `data`.
    - `generate`: the prior's noise → `data`. With a density: `noise` `(batch, size)`, standard
      normal, and for a mixture `choice` `(batch,)`, uniform on [0, 1), → `data`.
    - `reconstruct`: `data` → `reconstruction`.
    - `score`: `data` → `score` `(batch,)`, the mean squared error of the reconstruction, which is
      large for anomalies.

    Where a part reads labels, so does the pipeline: `labels` int32 `(batch,)`.

    Args:
        bundle: The bundle's folder.
        path: Where the file goes.
        kind: One of the above.
        uint8: Whether images go in and come out as bytes, 0 to 255, channels last.
        random: Whether `generate` draws its noise itself, anew at each call: the input `count`,
            int64 `(1,)`, takes the place of the noise. Nothing can seed it.
        truncation: Whether `generate` reads `truncation`, float32 `(1,)`, the factor on each
            draw's distance from the prior's mean (a mixture's: from the component's): below 1,
            samples are less varied and more typical (the truncation trick of Karras et al., 2019,
            arXiv:1812.04948, in the space of the prior).
        density: What `generate` draws codes from instead of the prior; see `fit_density`.

    Raises:
        ExportError: the bundle lacks a part, or an option does not apply.
        CertificateError: the pipeline differs from its parts; no file is left.
        TargetError: the file cannot be written.
    """
    session = Session(bundle)
    manifest = session.manifest
    if kind not in KINDS:
        raise ExportError(f"A pipeline must be one of {', '.join(KINDS)}. Received: {kind!r}.")
    if kind != "generate" and (random or truncation or density is not None):
        raise ExportError(
            f"Only the pipeline 'generate' has noise, truncation and a density. Received: {kind!r}."
        )
    if uint8 and (manifest.value_range is None or len(manifest.shape) != 3):
        raise ExportError(
            f"Bytes stand for images with a value range. Received: shape {manifest.shape}, "
            f"value range {manifest.value_range}."
        )
    if density is not None:
        pipeline = stages.with_density(session, density, truncated=truncation)
        noises = density.noises
    else:
        pipeline = KINDS[kind](session)
        noises = dict(manifest.prior) if kind == "generate" else {}
        if truncation:
            stages.truncate(pipeline, noises)
    images = _as_bytes(pipeline, *manifest.value_range) if uint8 and manifest.value_range else False
    properties = {"model": manifest.model, "paper": manifest.paper, "pipeline": kind} | {
        f"weights_sha256.{part}": entry.sha256 for part, entry in manifest.parts.items()
    }
    model = pipeline.assembly.finish(kind, properties)
    with storing(model, Path(path)) as temporary:
        _compare(pipeline, temporary, kind, manifest, images=images)
        if random:
            stages.draw_inside(pipeline.assembly, noises)
            pipeline.assembly.finish(kind, properties | {"random": "drawn inside, without a seed"})
            temporary.write_bytes(model.SerializeToString(deterministic=True))
            _try_out(pipeline, temporary, noises)
        onnx.checker.check_model(str(temporary), full_check=True)
    return Path(path)


def _as_bytes(pipeline: Pipeline, low: float, high: float) -> bool:
    """Makes the images that go in and come out bytes; whether some come out.

    Raises:
        ExportError: Neither is an image.
    """
    takes = "data" in pipeline.assembly.inputs
    gives = pipeline.output in ("data", "reconstruction")
    if takes:
        stages.bytes_in(pipeline, low, high)
    if gives:
        stages.bytes_out(pipeline, low, high)
    return gives


def _compare(
    pipeline: Pipeline, path: Path, kind: str, manifest: Manifest, *, images: bool
) -> None:
    """Raises unless the graph gives what the parts give, for bytes to the nearest level.

    In int8, ONNX Runtime rounds at other places where one graph goes on in the next: there the
    pipeline keeps of its parts what a part must keep of float32.
    """
    inputs, name = pipeline.inputs, pipeline.output
    expected = pipeline.compute(inputs)
    answer = run(open_session(path), inputs)[name]
    if images and manifest.value_range is not None:
        low, high = manifest.value_range
        answer, expected = stages.to_floats(answer, low, high), np.clip(expected, low, high)
        spread = np.abs(answer - expected)
        passed = bool(spread.max() <= ROUNDED * (high - low) / stages.LEVELS)
    else:
        feed = Probe("reference", inputs)
        passed = all_passed(*compare(lambda _: {name: expected}, lambda _: {name: answer}, [feed]))
    if passed:
        return
    told = "by more than the tolerance"
    if manifest.precision == "int8":
        is_data = expected.shape[1:] == manifest.shape
        row = measure(name, expected, answer, value_range=manifest.value_range if is_data else None)
        failures = row.failures(BOUNDS["int8"])
        if not failures:
            return
        told = f"too much for int8. Received: {'; '.join(failures)}"
    raise CertificateError(f"The pipeline {kind!r} differs from its parts in sequence {told}.")


def _try_out(pipeline: Pipeline, path: Path, noises: dict[str, Noise]) -> None:
    """Raises unless a pipeline with noise of its own gives as many finite samples as asked."""
    others = {k: v for k, v in pipeline.inputs.items() if k not in noises}
    feed = {k: v if k == "truncation" else v[:TRIED] for k, v in others.items()}
    answer = run(open_session(path), feed | {"count": np.array([TRIED])})[pipeline.output]
    if len(answer) != TRIED or not np.isfinite(answer).all():
        raise CertificateError(
            f"A pipeline must give {TRIED} finite samples where it is asked for {TRIED}. "
            f"Received: {answer.shape}."
        )
