"""Certifies a graph: ONNX Runtime, as deployed, against the native model."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.certification.cardinality import embedded
from export.certification.certificate import ABSOLUTE, RELATIVE, Certificate, all_passed
from export.certification.compare import compare
from export.certification.difference import first_difference
from export.certification.edges import (
    FEW,
    Remembered,
    by_design,
    is_large,
    left_out,
    operators,
    other_batches,
    sizes_seen,
    usable_sizes,
    without_overflow,
)
from export.certification.inputs import BATCHES, probes
from export.certification.integers import notes as notes_of_ranges
from export.certification.integers import numbers, ranges
from export.certification.native import Native, weights_sha256
from export.certification.sigmoids import explained
from export.errors import CertificateError, ExportError
from export.runtime.engine import open_session, run


def certify(
    model: Any,
    path: str | Path,
    *,
    name: str | None = None,
    route: str = "direct",
    inputs: Mapping[str, np.ndarray] | None = None,
    cardinality: Mapping[str, int] | None = None,
    seed: int = 0,
    seconds: Mapping[str, float] | None = None,
    second_opinion: dict[str, Any] | None = None,
    extent: str = "full",
) -> Certificate:
    """Compares an ONNX file with the Keras model that it came from.

    Args:
        model: A functional or Sequential Keras model; called in inference mode.
        path: The ONNX file; ONNX Runtime opens it with all its optimizations.
        name: Name in the certificate; the model's own by default.
        route: The converter of the model, for the record.
        inputs: Real inputs by name, `(count, ...)`, a family of their own beside the drawn ones.
        cardinality: How many values each integer input takes. Found in the graph where it says
            so: by a table, or by reading the input as true or false.
        seed: Seed of the drawn inputs.
        seconds: Durations for the record.
        second_opinion: The result of another converter's graph, for the record.
        extent: `full` or `quick`.

    Raises:
        CertificateError: A difference is over the tolerance; it carries the certificate as
            `certificate`.
        ExportError: The model cannot be compared: unbuilt, NaN weights, random in inference.
    """
    started = time.perf_counter()
    native = Native.of(model)
    model = native.model
    graph = onnx.load(str(path), load_external_data=False)
    session = open_session(Path(path))
    check_names(native, graph)
    told, read = embedded(model) | dict(cardinality or {}), ranges(graph)
    known = read | told
    large = is_large(native, inputs)
    sizes = usable_sizes(native, known, inputs)
    few = (1,) * len(sizes) if large else FEW  # every shape is compiled
    plan: dict[str, Any] = {
        "seed": seed,
        "cardinality": known,
        "real": inputs or None,
        "extent": extent,
        "counts": few if large or extent == "quick" else BATCHES,
        "sizes": sizes,
        "numbers": numbers(graph) - set(told),
        "sparing": large,
    }
    batches = list(probes(native.signature, **plan))
    native.check_pure(batches[0].inputs)

    def exported(feed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return run(session, feed)

    judged = [probe for probe in batches if probe.family != "non-finite"]
    truths = Remembered(native, batches)
    deviations, agreements = compare(truths, exported, judged)
    used = operators(graph)
    deviations, agreements, overflows = without_overflow(deviations, agreements, used)
    deviations, gates = explained(Path(path), truths, deviations, judged)
    assumed = notes_of_ranges(read, (name for name in read if name not in told))
    notes = [*native.notes, *assumed, *left_out(extent, large), *sizes_seen(native, batches)]
    notes += [*overflows, *gates]
    if extent == "full" and all_passed(deviations, agreements):
        odd = [probe for probe in batches if probe.family == "non-finite"]
        notes += by_design(truths, exported, odd, used)
        guarded = route == "direct" or not used & {"LSTM", "GRU"}
        notes += other_batches(native, truths, exported, batches, large=large, empty=guarded)
    certificate = Certificate(
        name=name or model.name,
        route=route,
        opset=max(entry.version for entry in graph.opset_import if entry.domain in ("", "ai.onnx")),
        backend=_backend(),
        deviations=deviations,
        agreements=agreements,
        inputs=sum(probe.count for probe in batches),
        batches=tuple(sorted({probe.count for probe in batches})),
        seed=seed,
        nodes=count_nodes(graph),
        transposes=count_nodes(graph, "Transpose"),
        bytes=Path(path).stat().st_size,
        file_sha256=hashlib.sha256(Path(path).read_bytes()).hexdigest(),
        weights_sha256=weights_sha256(model),
        seconds={**(seconds or {}), "certify": round(time.perf_counter() - started, 3)},
        versions=versions(),
        second_opinion=second_opinion,
        notes=tuple(notes),
    )
    if not certificate.passed:
        part = first_difference(native, judged) if route == "direct" else ""
        error = CertificateError(
            f"The ONNX graph of {certificate.name!r} differs from the native model. "
            f"Received: {'; '.join(certificate.failures())}.{part} "
            f"Accepted: |difference| <= {ABSOLUTE:g} * max(1, max|y|) + {RELATIVE:g} * |y|."
        )
        error.certificate = certificate  # type: ignore[attr-defined]
        raise error
    return certificate


def check_names(native: Native, graph: onnx.ModelProto) -> None:
    """Raises where the graph's inputs or outputs are not named like the model's."""
    for kind, ours, theirs in (
        ("inputs", native.signature.inputs, graph.graph.input),
        ("outputs", native.signature.outputs, graph.graph.output),
    ):
        expected, received = [t.name for t in ours], [t.name for t in theirs]
        if expected != received:
            raise ExportError(
                f"The graph's {kind} must be named like the model's. "
                f"Received: {received}. Accepted: {expected}."
            )


def count_nodes(model: onnx.ModelProto, kind: str | None = None) -> int:
    """Counts the nodes of a graph, its functions and its subgraphs; of one kind where given."""

    def count(nodes: Any) -> int:
        return sum(
            (kind is None or node.op_type == kind)
            + sum(count(g.node) for a in node.attribute for g in (a.g, *a.graphs))
            for node in nodes
        )

    return count(model.graph.node) + sum(count(f.node) for f in model.functions)


def versions() -> dict[str, str]:
    """Versions of what takes part in an export, of the packages that are installed."""
    import keras

    import zoo

    found = {"genzoo": zoo.__version__}
    for package in ("keras", keras.config.backend(), "numpy", "onnx", "onnxruntime"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # tensorflow-cpu and the like carry another name
            found[package] = getattr(__import__(package), "__version__", "unknown")
    return found


def _backend() -> str:
    import keras

    return keras.config.backend()
