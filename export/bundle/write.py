"""The deployable folder: every part as a certified ONNX file, and what is needed to use them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.bundle import model_card, ports
from export.bundle.identity import class_names, identity, in_float32
from export.bundle.part import PartExport, Request, export_part
from export.bundle.reference import REFERENCE
from export.bundle.samples import save_samples
from export.bundle.sealing import seal, write_json
from export.bundle.target import check_target
from export.certification.cardinality import cardinality
from export.certification.certify import versions
from export.certification.native import Native
from export.certification.readings import read
from export.errors import ExportError
from export.precision.certificate import check_precision
from export.runtime.manifest import Manifest
from export.storage import replacing_folder

CERTIFICATES = "certificate.json"
CARD = "README.md"
SAMPLES = "samples.png"


def to_bundle(
    model: Any,
    folder: str | Path,
    *,
    real_inputs: Mapping[str, np.ndarray] | None = None,
    route: str = "direct",
    opset: int | None = None,
    precision: str = "float32",
    overwrite: bool = False,
    samples: bool = True,
    run: Mapping[str, Any] | None = None,
    second_opinion: bool = False,
) -> Path:
    """Exports every part of a model, with its averaged weights where it keeps an average.

    The folder appears whole or not at all. It holds an ONNX file for each part, `bundle.json` with
    the table of uses, `certificate.json`, `README.md`, `reference.npz`, `samples.png` where the
    model can be sampled, and `SHA256SUMS` of all of them.

    Args:
        model: A model of the zoo.
        folder: The folder of the bundle.
        real_inputs: A batch of the data's fields, scaled as in training: `{"data": …,
            "labels": …}`. The uses run on it, and each part is certified on what it reads then.
        route: The converter; see `to_onnx`.
        opset: ONNX operator set; the route's default where it is None.
        precision: `float32`, `float16`, `bfloat16` or `int8`. The lower ones are certified against
            float32 in terms of their own, on real inputs, and fail where they lose too much.
            bfloat16 rounds the weights, for a file of half the size; arithmetic stays float32.
        overwrite: Whether a bundle that is there is replaced. Files of others never are.
        samples: Whether a picture of samples is drawn.
        run: The content of the run's `run.json`: its data and training go into the model card.
        second_opinion: Whether the backend's own converter is asked too.

    Returns:
        The folder.

    Raises:
        CertificateError: A part's graph differs from the native model, or loses too much in
            lower precision.
        UnsupportedOperation: A part holds an operation that ONNX cannot express.
        ExportError: The model has no parts, or the folder is in use.
        TargetError: The folder cannot be written.
    """
    folder = Path(folder)
    check_target(folder, overwrite=overwrite)
    check_precision(precision)
    model = in_float32(model)
    name, paper = identity(model, run)
    with replacing_folder(folder) as stage, model.averaged_weights():
        metadata = {"model": name, "paper": paper}
        request = Request(stage, route, opset, precision, second_opinion, metadata)
        parts = _export_parts(model, request, real_inputs)
        described = {entry.name: (entry.part.inputs, entry.part.outputs) for entry in parts}
        table = model.table()
        manifest = Manifest(
            model=name,
            paper=paper,
            settings=json.loads(json.dumps(dict(model.settings), default=in_words)),
            shape=tuple(model.shape),
            value_range=model.value_range and tuple(model.value_range),
            num_classes=model.num_classes,
            class_names=class_names(model, run),
            parts={entry.name: entry.part for entry in parts},
            uses=table,
            fields=ports.fields(model, table, described),
            precision=precision,
            versions=versions(),
        )
        picture = samples and save_samples(stage / SAMPLES, stage, table, manifest.value_range)
        _write_records(stage, manifest, parts, run, picture=picture)
        seal(stage, manifest)
    return folder


def in_words(setting: Any) -> str:
    """A setting that is an object, in words: a network, an optimizer, a schedule."""
    name = type(setting).__name__
    if not hasattr(setting, "count_params"):
        return name
    kind = "own network" if name in ("Functional", "Sequential") else name
    return f"{kind} of {setting.count_params()} weights"


def _export_parts(
    model: Any, request: Request, data: Mapping[str, np.ndarray] | None
) -> list[PartExport]:
    """Exports the parts in their order, each on what it reads as the uses run."""
    natives = {name: Native(network) for name, network in model.parts().items()}
    if not natives:
        raise ExportError(f"A bundle holds parts. Received: {type(model).__name__} without any.")
    table, limits = model.table(), cardinality(model)
    signatures = {name: native.signature for name, native in natives.items()}
    described = ports.describe(model, signatures, table, limits)
    if data is not None:
        ports.check_data(data, ports.fields(model, table, described))
    lowering = request.precision != "float32"
    readings = read(table, lambda part, feed: natives[part](feed), data, draws=lowering)
    return [
        export_part(name, native, request, described[name], readings, limits[name])
        for name, native in natives.items()
    ]


def _write_records(
    stage: Path,
    manifest: Manifest,
    parts: Sequence[PartExport],
    run: Mapping[str, Any] | None,
    *,
    picture: bool,
) -> None:
    """Writes the reference, the certificates and the card."""
    certificates = {entry.name: entry.certificate for entry in parts}
    lowered = {entry.name: entry.lowered for entry in parts if entry.lowered is not None}
    kept = {key: array for entry in parts for key, array in entry.reference.items()}
    np.savez(stage / REFERENCE, **kept)  # type: ignore[arg-type]
    write_json(
        stage / CERTIFICATES,
        {
            "parts": {name: entry.to_json() for name, entry in certificates.items()},
            "precision": {name: entry.to_json() for name, entry in lowered.items()},
        },
    )
    text = model_card.card(manifest, certificates, lowered, run, picture=picture)
    (stage / CARD).write_text(text, encoding="utf-8")
