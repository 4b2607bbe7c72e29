"""One Keras model to one certified ONNX file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export import routes
from export.certification.certificate import Certificate
from export.certification.certify import certify as certified
from export.certification.certify import versions
from export.certification.cross_check import ask
from export.certification.inputs import EXTENTS, check_request
from export.certification.lowering import check_own_precision, inputs_to_judge
from export.certification.native import Native, weights_sha256
from export.direct.conversion import check_metadata, check_opset
from export.errors import ExportError, ExportTargetError
from export.precision.certificate import lower
from export.requested import requested
from export.storage import check_graph, is_large, storing
from zoo.errors import TargetError

RESERVED = ("route", "weights_sha256")


def to_onnx(
    model: Any,
    path: str | Path,
    *,
    route: str = "direct",
    opset: int | None = None,
    name: str | None = None,
    metadata: Mapping[str, str] | None = None,
    inputs: Mapping[str, np.ndarray] | None = None,
    cardinality: Mapping[str, int] | None = None,
    seed: int = 0,
    second_opinion: bool = False,
    input_signature: Any = None,
    certify: str = "full",
    precision: str = "float32",
) -> Certificate:
    """Converts a Keras model, certifies the graph, and only then lets the file appear.

    Args:
        model: A Keras model, on any backend. One that computes below float32 is converted and
            certified in float32, and the certificate says so.
        path: The ONNX file. A file that is there is replaced once the new one has its
            certificate; a model over 2 GB puts its weights beside it in `<path>.data`.
        route: `direct`, or another converter: `tf2onnx`, `torch`, `jax2onnx`.
        opset: ONNX operator set, from 17; the route's default where it is None.
        name: Name in the graph and the certificate; the model's own by default.
        metadata: Text to store in the file, beside the versions and the hash of the weights, whose
            names it may not take.
        inputs: Real inputs by name to certify on, beside the drawn ones.
        cardinality: How many values each integer input takes, where the graph does not tell.
        seed: Seed of the drawn inputs.
        second_opinion: Whether the backend's own converter is asked too; the certificate then says
            whether its graph agrees, or why it does not convert.
        input_signature: Shapes with their batch, in the structure that the model is called with;
            needed where a model has no graph of its own, and a way to name inputs and fix sizes.
        certify: `full`, or `quick`: fewer families and batches, which the certificate names.
        precision: `float32`; `float16` (weights and arithmetic), `bfloat16` (weights) or `int8`
            (weights, and what enters the operators that hold them): the float32 graph, once
            certified, is rewritten, and `certificate.lowered` holds what its outputs keep of
            float32's. Inputs and outputs stay float32. `int8` is calibrated on `inputs`.

    Returns:
        The certificate; `summary()` is for people, `to_json()` for machines.

    Raises:
        CertificateError: The graph differs from the model, or loses too much in lower precision;
            no file is left.
        UnsupportedOperation: The model holds an operation that ONNX cannot express.
        ExportError: The model, the route, the opset or another argument cannot be used.
        ExportTargetError: The file cannot be written.
    """
    started = time.perf_counter()
    if certify not in EXTENTS:
        raise ExportError(
            f"A certificate must have a known extent. Received: {certify!r}. "
            f"Accepted: {', '.join(EXTENTS)}."
        )
    model = requested(model, input_signature)
    native = Native.of(model)  # what cannot be certified is rejected before it is converted
    model = native.model
    check_request(native.signature, seed=seed, cardinality=cardinality or {}, real=inputs)
    check_own_precision(precision, native.signature, inputs)
    check_metadata(metadata or {})
    check_reserved(metadata or {})
    if opset is not None:
        check_opset(opset)
    proto = routes.convert(model, route=route, opset=opset)
    if precision != "float32" and is_large(proto):
        raise ExportError(
            "A graph in lower precision is made of a single file. Received: weights of more than "
            "2 GB. Accepted: fewer, or precision='float32'."
        )
    name = name or model.name
    proto.graph.name = name
    onnx.helper.set_model_props(
        proto,
        {
            **{entry.key: entry.value for entry in proto.metadata_props},
            **{f"version.{package}": number for package, number in versions().items()},
            "route": route,
            "weights_sha256": weights_sha256(model),
            **(metadata or {}),
        },
    )
    seconds = {"convert": round(time.perf_counter() - started, 3)}
    try:
        with storing(proto, Path(path)) as temporary:
            if is_large(proto):  # the routes check all others
                check_graph(temporary, name)
            opinion = ask(model, temporary, cardinality=cardinality) if second_opinion else None
            certificate = certified(
                native,
                temporary,
                name=name,
                route=route,
                inputs=inputs,
                cardinality=cardinality,
                seed=seed,
                seconds=seconds,
                second_opinion=opinion,
                extent=certify,
            )
            if precision == "float32":
                return certificate
            judged = inputs_to_judge(native, temporary, inputs, cardinality, seed)
            lowered = lower(temporary, precision, name=name, inputs=judged, ranges={})
            return replace(certificate, lowered=lowered)
    except TargetError as error:
        raise ExportTargetError(str(error)) from error


def check_reserved(metadata: Mapping[str, str]) -> None:
    """Raises where metadata would overwrite the record of where a file comes from."""
    taken = [k for k in metadata if k in RESERVED or k.startswith("version.")]
    if taken:
        raise ExportError(
            f"Metadata must not overwrite the record of the export. Received: {', '.join(taken)}. "
            f"Accepted: any names but {', '.join(RESERVED)} and version.*."
        )
