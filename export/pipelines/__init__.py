"""Uses as one graph each, put together from the parts of a bundle."""

from __future__ import annotations

from pathlib import Path

from export.errors import ExportError
from export.pipelines.before_code import with_density
from export.pipelines.check import check_draws, compare_with_parts
from export.pipelines.decision import (
    Agreement,
    check_decision,
    compare_decisions,
    with_decision,
)
from export.pipelines.density import Density, fit_density
from export.pipelines.draws import draw_inside, truncate
from export.pipelines.images import as_bytes
from export.pipelines.pipeline import of_use
from export.runtime import Session
from export.storage import check_graph, storing

__all__ = ["Agreement", "Density", "compare_decisions", "fit_density", "to_pipeline"]


def to_pipeline(
    bundle: str | Path,
    path: str | Path,
    use: str,
    *,
    uint8: bool = False,
    random: bool = False,
    truncation: bool = False,
    density: Density | None = None,
    threshold: float | None = None,
) -> Path:
    """Writes a use of a bundle as one ONNX file, once it agrees with the parts in sequence.

    The graph has the inputs and the results of the use under their names; a result named like an
    input is called `result/name`.

    Args:
        bundle: The bundle's folder.
        path: The file to write.
        use: One of the bundle's uses, such as `reconstruct`.
        uint8: Whether images go in and come out as bytes, 0 to 255, channels last.
        random: Whether the graph makes its random draws itself, anew at each call. There are as
            many rows as the labels or other inputs that are left have; where none is left, the
            input `count`, int64 `(1,)`, says how many. Nothing can seed it.
        truncation: Whether the graph reads `truncation`, float32 `(1,)`, the factor on each
            draw's distance from its mean (a mixture's: from the component's): below 1, samples
            are less varied and more typical (the truncation trick of Karras et al., 2019,
            arXiv:1812.04948, in the space of the prior).
        density: Draws the codes that the use reads, in place of the prior or of the caller:
            `noise` `(batch, size)`, standard normal, and for a mixture `choice` `(batch,)`,
            uniform on [0, 1). See `fit_density`.
        threshold: Of a use with a `score`, such as `anomaly`: the graph gives `decision`, bool
            `(batch,)`, whether the score is above it.

    Raises:
        ExportError: The bundle has no such use, or an option does not apply to it.
        CertificateError: The pipeline differs from its parts; no file is left.
        TargetError: The file cannot be written.
    """
    session = Session(bundle)
    manifest = session.manifest
    pipeline = of_use(session, use)
    if density is not None:
        with_density(pipeline, density, truncated=truncation)
    elif truncation:
        truncate(pipeline)
    if random and not pipeline.draws:
        raise ExportError(f"The use {use!r} draws nothing. Received: random.")
    if uint8:
        as_bytes(pipeline)
    if threshold is not None:
        with_decision(pipeline, threshold)
    properties = {"model": manifest.model, "paper": manifest.paper, "pipeline": use} | {
        f"weights_sha256.{part}": manifest.parts[part].sha256 for part in session.uses[use].parts
    }
    properties |= {} if threshold is None else {"threshold": repr(float(threshold))}
    model = pipeline.assembly.finish(properties)
    with storing(model, Path(path)) as temporary:
        compare_with_parts(pipeline, temporary, use, manifest.precision)
        if threshold is not None:
            check_decision(pipeline, temporary, threshold)
        if random:
            drawn = draw_inside(pipeline)
            pipeline.assembly.finish(properties | {"random": "drawn inside, without a seed"})
            temporary.write_bytes(model.SerializeToString(deterministic=True))
            check_draws(pipeline, temporary, drawn)
        check_graph(temporary, use)
    return Path(path)
