"""Certifies a graph: ONNX Runtime, as deployed, against the native model."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.certification.certificate import ABSOLUTE, RELATIVE, Agreement, Certificate, Deviation
from export.certification.inputs import Probe, embedded_cardinality, probes
from export.certification.native import Native, weights_sha256
from export.errors import CertificateError, ExportError
from export.runtime.engine import open_session, run

TRIALS = 64  # a response seen too rarely is underestimated, and a right graph refused
ROUNDING = 2.0**-18  # what rounding in float32 sums of some hundred terms amounts to
EXPLICABLE = 1e3  # times the tolerance; what differs more is wrong, not rounded

Predictor = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]


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
) -> Certificate:
    """Compares an ONNX file with the Keras model that it came from.

    Args:
        model: A functional or Sequential Keras model; called in inference mode.
        path: The ONNX file; ONNX Runtime opens it with all its optimizations.
        name: Name in the certificate; the model's own by default.
        route: What converted the model, for the record.
        inputs: Real inputs by name, `(count, ...)`, a family of their own beside the drawn ones.
        cardinality: How many values each integer input takes. Found in the graph where an
            embedding reads the input.
        seed: Seed of the drawn inputs.
        seconds: Durations for the record.
        second_opinion: What another converter's graph gave, for the record.

    Raises:
        CertificateError: a difference is over the tolerance; it carries the certificate as
            `certificate`.
        ExportError: the model cannot be compared: unbuilt, NaN weights, random in inference.
    """
    started = time.perf_counter()
    native = Native.of(model)
    model = native.model
    graph = onnx.load(str(path), load_external_data=False)
    session = open_session(Path(path))
    check_names(native, graph)
    known = embedded_cardinality(model) | dict(cardinality or {})
    batches = list(probes(native.signature, seed=seed, cardinality=known, real=inputs or None))
    native.refuse_state(batches[0].inputs)
    deviations, agreements = compare(native, lambda feed: run(session, feed), batches)
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
    )
    if not certificate.passed:
        error = CertificateError(
            f"The ONNX graph of {certificate.name!r} differs from the native model. "
            f"Received: {'; '.join(certificate.failures())}. "
            f"Accepted: |difference| <= {ABSOLUTE:g} * max(1, max|y|) + {RELATIVE:g} * |y|."
        )
        error.certificate = certificate  # type: ignore[attr-defined]
        raise error
    return certificate


def compare(
    native: Predictor, exported: Predictor, batches: list[Probe]
) -> tuple[tuple[Deviation, ...], tuple[Agreement, ...]]:
    """Compares two predictors batch by batch: a row per output and family of inputs."""
    deviations: dict[tuple[str, str], Deviation] = {}
    agreements: dict[tuple[str, str], Agreement] = {}
    for probe in batches:
        expected, received = native(probe.inputs), exported(probe.inputs)
        for output, truth in expected.items():
            key = (output, probe.family)
            answer = received[output]
            if answer.shape != truth.shape or answer.dtype != truth.dtype:
                raise CertificateError(
                    f"Output {output!r} must be {truth.dtype} {truth.shape}. "
                    f"Received from ONNX Runtime: {answer.dtype} {answer.shape}."
                )
            if np.issubdtype(truth.dtype, np.floating):
                worst = _deviation(native, key, probe, truth, answer)
                deviations[key] = _worse(deviations.get(key), worst)
            else:
                row = _agreement(native, key, probe, truth, answer)
                agreements[key] = _sum(agreements.get(key), row)
    return tuple(deviations.values()), tuple(agreements.values())


def _deviation(
    native: Predictor, key: tuple[str, str], probe: Probe, truth: np.ndarray, answer: np.ndarray
) -> Deviation:
    """Measures one output of one batch; infinite values must be equal, NaN must be NaN."""
    if truth.size == 0:
        return Deviation(*key, probe.count, 0.0, 0.0, 0.0, 0.0)
    wide, other = truth.astype(np.float64), answer.astype(np.float64)
    same = (wide == other) | (np.isnan(wide) & np.isnan(other))
    with np.errstate(invalid="ignore"):
        difference = np.where(same, 0.0, np.abs(other - wide))
    difference = np.where(np.isnan(difference), np.inf, difference)
    finite = np.where(np.isfinite(wide), np.abs(wide), 0.0)
    largest = float(finite.max())
    allowed = ABSOLUTE * max(1.0, largest) + RELATIVE * finite
    absolute = float(difference.max())
    relative = absolute / largest if largest else absolute
    used = conditioned = float((difference / allowed).max())
    if 1.0 < used < EXPLICABLE and probe.family == "large":
        moves = [np.abs(near[key[0]] - wide) for near in _nearby(native, probe)]
        moved = np.nan_to_num(np.max(moves, axis=0), nan=0.0, posinf=0.0)
        conditioned = float((difference / (allowed + moved)).max())
    return Deviation(*key, probe.count, absolute, relative, used, conditioned)


def _worse(one: Deviation | None, two: Deviation) -> Deviation:
    if one is None:
        return two
    return Deviation(
        one.output,
        one.family,
        one.inputs + two.inputs,
        max(one.absolute, two.absolute),
        max(one.relative, two.relative),
        max(one.used, two.used),
        max(one.conditioned, two.conditioned),
    )


def _sum(one: Agreement | None, two: Agreement) -> Agreement:
    if one is None:
        return two
    return Agreement(
        one.output,
        one.family,
        one.inputs + two.inputs,
        one.values + two.values,
        one.equal + two.equal,
        one.ties + two.ties,
    )


def _agreement(
    native: Predictor, key: tuple[str, str], probe: Probe, truth: np.ndarray, answer: np.ndarray
) -> Agreement:
    differs = truth != answer
    ties = 0
    if differs.any():
        reached = np.any([near[key[0]] == answer for near in _nearby(native, probe)], axis=0)
        ties = int(np.sum(reached & differs))
    equal = truth.size - int(np.sum(differs))
    return Agreement(*key, probe.count, truth.size, equal, ties)


def _nearby(native: Predictor, probe: Probe) -> Iterator[dict[str, np.ndarray]]:
    """The native model's outputs for inputs that are moved by float32 rounding."""
    rng = np.random.default_rng([0])
    for _ in range(TRIALS):
        moved = {}
        for name, values in probe.inputs.items():
            if np.issubdtype(values.dtype, np.floating) and values.size:
                scale = ROUNDING * max(1.0, float(np.abs(values).max()))
                values = values + (scale * rng.uniform(-1, 1, values.shape)).astype(values.dtype)
            moved[name] = values
        yield native(moved)


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
