"""The deployable folder: every part as a certified ONNX file, and what is needed to use them."""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from export.bundle import model_card
from export.bundle.reference import REFERENCE
from export.bundle.sealing import seal, sha256, write_json
from export.certification import examples
from export.certification.certificate import Certificate
from export.certification.certify import versions
from export.certification.native import Native
from export.conversion import to_onnx
from export.errors import BundleError, ExportError
from export.precision.certificate import PrecisionCertificate, judged, lower, refuse_precision
from export.runtime import Session, files
from export.runtime.manifest import FORMAT, Manifest, Noise, Part, Port
from export.signature import Signature, Tensor
from export.storage import replacing_folder
from zoo.errors import DataError
from zoo.plotting.grid import save_grid

CERTIFICATES = "certificate.json"
CARD = "README.md"
SAMPLES = "samples.png"
ROLES = ("data", "latent", "labels", "codes")
PICTURES = 64


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

    The folder appears whole or not at all. It holds an ONNX file for each part, `bundle.json`,
    `certificate.json`, `README.md`, `reference.npz`, `samples.png` where the model can be sampled,
    and `SHA256SUMS` of all of them.

    Args:
        model: A model of the zoo.
        folder: Where the bundle goes.
        real_inputs: A batch of real data, scaled as in training: `{"data": ..., "labels": ...}`.
        route: What converts; see `to_onnx`.
        opset: ONNX operator set; the route's default where it is None.
        precision: `float32`, `float16`, `bfloat16` or `int8`. The lower ones are certified against
            float32 in terms of their own, on real inputs, and refused where they lose too much.
            bfloat16 rounds the weights, for a file of half the size; arithmetic stays float32.
        overwrite: Whether a bundle that is there is replaced. Other folders never are.
        samples: Whether a picture of samples is drawn.
        run: The content of the run's `run.json`: its data and training go into the model card.
        second_opinion: Whether the backend's own converter is asked too.

    Returns:
        The folder.

    Raises:
        CertificateError: a part's graph differs from the native model, or loses too much in
            lower precision.
        UnsupportedOperation: a part holds an operation that ONNX cannot express.
        ExportError: the model has no parts, or the folder is in use.
        TargetError: the folder cannot be written.
    """
    folder = Path(folder)
    _refuse_target(folder, overwrite)
    refuse_precision(precision)
    model = examples.in_float32(model)
    parts = model.parts()
    if not parts:
        raise ExportError(f"A bundle holds parts. Received: {type(model).__name__} without any.")
    name, paper = _identity(model, run)
    certificates: dict[str, Certificate] = {}
    lowered: dict[str, PrecisionCertificate] = {}
    described: dict[str, Part] = {}
    kept: dict[str, np.ndarray] = {}
    with replacing_folder(folder) as stage, model.averaged_weights():
        natives = {part: Native(network) for part, network in parts.items()}
        real = examples.real_inputs(model, natives, real_inputs)
        cardinality = {part: examples.cardinality(model, natives[part].model) for part in natives}
        everywhere = ChainMap(*cardinality.values())  # an encoder's codes are those decoders read
        for part, native in natives.items():
            known = cardinality[part]
            inputs = {t.name: real[t.name] for t in native.signature.inputs if t.name in real}
            path = stage / f"{part}.onnx"
            certificates[part] = to_onnx(
                native,
                path,
                route=route,
                opset=opset,
                name=part,
                metadata={"model": name, "part": part, "paper": paper},
                inputs=inputs,
                cardinality=known,
                second_opinion=second_opinion,
            )
            described[part] = _part(path, native.signature, model, everywhere)
            shown = examples.few_inputs(native, inputs, known)
            if precision != "float32":
                typical = examples.typical_inputs(model, native, inputs, known)
                shown = judged(typical)  # A loss is judged over many inputs, then as now.
                lowered[part] = lower(
                    path,
                    precision,
                    name=part,
                    part=described[part],
                    inputs=typical,
                    value_range=model.value_range,
                )
                described[part] = replace(described[part], sha256=sha256(path))
            kept |= examples.reference(part, native, shown)
        np.savez(stage / REFERENCE, **kept)  # type: ignore[arg-type]
        write_json(
            stage / CERTIFICATES,
            {
                "parts": {part: entry.to_json() for part, entry in certificates.items()},
                "precision": {part: entry.to_json() for part, entry in lowered.items()},
            },
        )
        manifest = Manifest(
            model=name,
            paper=paper,
            settings=json.loads(json.dumps(model.settings, default=str)),
            shape=tuple(model.shape),
            value_range=model.value_range and tuple(model.value_range),
            num_classes=model.num_classes,
            class_names=_class_names(model, run),
            sampler=model.sampler,
            code=model.code,
            prior={key: Noise(**_jsonable(noise)) for key, noise in model.prior.items()},
            parts=described,
            precision=precision,
            versions=versions(),
        )
        manifest = seal(stage, manifest)
        if samples and model.sampler is not None:
            _draw(stage, model)
        picture = (stage / SAMPLES).exists()
        text = model_card.card(manifest, certificates, lowered, run, picture=picture)
        (stage / CARD).write_text(text, encoding="utf-8")
        seal(stage, manifest)
    return folder


def _refuse_target(folder: Path, overwrite: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not overwrite:
        raise ExportError(
            f"A bundle goes into a new folder. Received: {folder}, which exists. "
            f"Accepted: another folder, or --overwrite (overwrite=True)."
        )
    try:
        content = files.read_json(files.read(folder, files.MANIFEST), files.MANIFEST)
        is_bundle = content.get("format") == FORMAT
    except BundleError:
        is_bundle = False
    if not is_bundle:
        raise ExportError(
            f"Only a bundle may be overwritten. Received: {folder}, which holds something else."
        )


def _identity(model: Any, run: Mapping[str, Any] | None) -> tuple[str, str]:
    """The model's name and paper: the registry's, else those of its class."""
    from zoo.registry import TABLE

    target = f"{type(model).__module__}.{type(model).__qualname__}"
    rows = {name: row for name, row in TABLE.items() if row.target == target}
    fitting = [
        name
        for name, row in rows.items()
        if all(model.settings.get(key) == value for key, value in row.settings.items())
    ]
    trained_as = (run or {}).get("name")
    if trained_as in rows:
        fitting.append(trained_as)
    if fitting:
        return fitting[-1], rows[fitting[-1]].paper
    first_line = (type(model).__doc__ or "").strip().partition("\n")[0]
    return type(model).__name__, getattr(model, "paper", first_line)


def _class_names(model: Any, run: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    names = (run or {}).get("class_names")
    if names is None or len(names) != model.num_classes:
        return None
    return tuple(str(name) for name in names)


def _part(path: Path, signature: Signature, model: Any, cardinality: Mapping[str, int]) -> Part:
    def port(tensor: Tensor, role: str) -> Port:
        known = cardinality.get(tensor.name) if tensor.is_integer else None
        return Port(tensor.name, tensor.dtype, tensor.shape[1:], role, known)

    def input_role(name: str) -> str:
        return name if name in ROLES else "noise"

    def output_role(name: str) -> str:
        if name in ("data", "codes"):
            return name
        return "latent" if name == model.code else "value"

    return Part(
        file=path.name,
        sha256=sha256(path),
        inputs=tuple(port(tensor, input_role(tensor.name)) for tensor in signature.inputs),
        outputs=tuple(port(tensor, output_role(tensor.name)) for tensor in signature.outputs),
    )


def _draw(stage: Path, model: Any) -> None:
    """Draws samples with the exported graphs themselves."""
    columns = model.num_classes if model.num_classes and model.num_classes <= 16 else 8
    images = Session(stage).generate(PICTURES // columns * columns)
    with suppress(DataError):  # samples of a kind that has no picture
        save_grid(images, stage / SAMPLES, value_range=model.value_range, columns=columns)


def _jsonable(noise: Any) -> dict[str, Any]:
    config = noise.to_config()
    return {**config, "shape": tuple(config["shape"])}
