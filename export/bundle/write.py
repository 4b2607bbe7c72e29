"""The deployable folder: every part as a certified ONNX file, and what is needed to use them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from export.bundle.identity import identify, in_float32
from export.bundle.parts import Request, convert_parts, finish_parts
from export.bundle.records import write_records
from export.bundle.sealing import seal
from export.bundle.staging import replacing_folder
from export.bundle.target import check_target
from export.certification.certify import versions
from export.choice.choose import choose
from export.precision.certificate import check_precision
from export.precision.fidelity import AUTO
from export.runtime.manifest import Manifest


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
    certify: str = "full",
    any_size: bool = True,
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
            `auto` measures float32 and int8 in the engines that are installed, on this machine,
            and keeps the fastest that passes, float32 in ONNX Runtime unless another is clearly
            faster; see `export.choice.choose`.
        overwrite: Whether a bundle that is there is replaced. Files of others never are.
        samples: Whether a picture of samples is drawn.
        run: The content of the run's `run.json`: its data and training go into the model card.
        second_opinion: Whether the backend's own converter is asked too.
        certify: `full`, or `quick`: see `to_onnx`.
        any_size: Whether translators and upscalers take maps of any height and width, where they
            can and the route is `direct`; else of the model's own alone.

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
    about = identify(model, run)
    with replacing_folder(folder) as stage, model.averaged_weights():
        metadata = {"model": about.name, "paper": about.paper}
        free = any_size and route == "direct"  # other converters trace one size
        request = Request(stage, route, opset, precision, second_opinion, certify, free, metadata)
        converted, ports = convert_parts(model, request, real_inputs)
        manifest = Manifest(
            model=about.name,
            paper=about.paper,
            settings=json.loads(json.dumps(dict(model.settings), default=in_words)),
            shape=tuple(model.shape),
            value_range=model.value_range and tuple(model.value_range),
            num_classes=model.num_classes,
            class_names=about.class_names,
            parts={},
            uses=model.table(),
            fields=ports.fields,
            precision=precision,
            versions=versions(),
        )
        if precision == AUTO:
            parts, choice = choose(stage, converted, manifest, real_inputs)
            manifest = replace(manifest, precision=choice.candidate.precision, choice=choice)
        else:
            parts = finish_parts(converted, stage, precision)
        manifest = replace(manifest, parts={entry.name: entry.part for entry in parts})
        write_records(stage, manifest, parts, run, samples=samples)
        seal(stage, manifest)
    return folder


def in_words(setting: Any) -> str:
    """A setting that is an object, in words: a network, an optimizer, a schedule."""
    name = type(setting).__name__
    if not hasattr(setting, "count_params"):
        return name
    kind = "own network" if name in ("Functional", "Sequential") else name
    return f"{kind} of {setting.count_params()} weights"
