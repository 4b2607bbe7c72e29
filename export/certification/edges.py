"""The edge cases of a certificate: other batches, sizes, NaN; and those that it leaves out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from export.certification.certificate import Agreement, Deviation
from export.certification.compare import Predictor, compare
from export.certification.inputs import Probe, Sizes, probes, size_plans, unknown_sizes
from export.certification.native import Native
from export.errors import CertificateError, ExportError, NativeError

FEW = (1, 3)
"""The batches of a random family where a quick certificate is asked for."""
LARGE_WEIGHTS, LARGE_INPUT = 2_000_000, 50_000
MANY = 1000
MANY_VALUES = 2_000_000

CRASHES = "without an empty batch, which ends the process in ONNX Runtime's LSTM and GRU"

# Operators that treat NaN and infinity otherwise than the backends do, each in its own way.
BY_DESIGN = (
    "ArgMax ArgMin AveragePool BatchNormalization Clip Conv ConvTranspose Einsum Elu Erf Gelu Gemm "
    "GRU GlobalAveragePool GlobalMaxPool GroupNormalization HardSigmoid InstanceNormalization LSTM "
    "LayerNormalization LeakyRelu MatMul Max MaxPool Min RNN ReduceLogSumExp ReduceMax ReduceMin "
    "Relu Resize Scan Selu Sigmoid Softmax Softplus Tanh TopK Cast Round Floor Ceil Sign HardSwish "
    "LogSoftmax Shrink Celu Softsign"
).split()


# Operators whose results depend, past the largest float, on the order in which they compute.
OVERFLOWING = (
    "Einsum Exp GroupNormalization GRU InstanceNormalization LSTM LayerNormalization MatMul Pow "
    "RMSNormalization RNN ReduceL2 ReduceLogSumExp ReduceMean ReduceSum Scan Softmax"
).split()
# Sums of products, of which only vast numbers overflow.
SUMMING = "AveragePool Conv ConvTranspose Gemm GlobalAveragePool".split()


class Remembered:
    """A predictor that computes each of some batches once."""

    def __init__(self, native: Predictor, batches: list[Probe]) -> None:
        self._native = native
        self._batches = batches  # an id holds for the lifetime of its object alone
        self._known: dict[int, dict[str, np.ndarray] | None] = {
            id(probe.inputs): None for probe in batches
        }

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs; those of the batches are kept."""
        if id(inputs) not in self._known:
            return self._native(inputs)
        outputs = self._known[id(inputs)]
        if outputs is None:
            outputs = self._known[id(inputs)] = self._native(inputs)
        return outputs


def is_large(native: Native, real: Mapping[str, np.ndarray] | None = None) -> bool:
    """Whether a model's certificate would cost much more than its conversion.

    Args:
        native: The model.
        real: Inputs that it is certified on, which have sizes where its own are unknown.
    """
    known = {name: np.shape(values) for name, values in (real or {}).items()}
    values = sum(
        int(np.prod([size or 1 for size in known.get(tensor.name, tensor.shape)[1:]]))
        for tensor in native.signature.inputs
    )
    weights = sum(int(np.prod(weight.shape)) for weight in native.model.weights)
    return weights > LARGE_WEIGHTS or values > LARGE_INPUT


def left_out(extent: str, large: bool) -> list[str]:
    """Says what a certificate has not looked at."""
    notes = []
    if extent == "quick":
        notes.append(
            "quick: without batches of 0, 32 and 1,000, and without numbers at kinks, huge, tiny "
            "and non-finite ones"
        )
    if large:
        joined = "" if extent == "quick" else ", and one batch of two"
        notes.append(f"a large model: single samples of each family{joined}")
    return notes


def sizes_seen(native: Native, batches: Sequence[Probe]) -> list[str]:
    """Says which sizes the inputs had that may have any."""
    free = dict.fromkeys(name for name, _ in unknown_sizes(native.signature))
    notes = []
    for name in free:
        shapes = dict.fromkeys(probe.inputs[name].shape[1:] for probe in batches)
        notes.append(f"{name} may have other sizes than those compared: {_listed(shapes)}")
    return notes


def _real_sizes(native: Native, real: Mapping[str, np.ndarray]) -> list[Sizes]:
    """The sizes of real inputs; nothing where one is unknown."""
    axes = unknown_sizes(native.signature)
    if not {name for name, _ in axes} <= set(real):
        return []
    return [{(name, axis): np.shape(real[name])[axis] for name, axis in axes}]


def _listed(shapes: Iterable[tuple[int, ...]]) -> str:
    return ", ".join("×".join(map(str, shape)) for shape in shapes)


def usable_sizes(
    native: Native, cardinality: Mapping[str, int], real: Mapping[str, np.ndarray] | None = None
) -> list[Sizes]:
    """Two choices of the sizes that may be any, on which the native model runs.

    Args:
        native: The model.
        cardinality: How many values each integer input takes.
        real: Inputs whose sizes are the first choice, where they have all that are unknown.

    Raises:
        ExportError: It runs on none that is tried.
    """
    if not unknown_sizes(native.signature):
        return [{}]
    found: list[Sizes] = []
    refused: Exception | None = None
    for sizes in (*_real_sizes(native, real or {}), *size_plans(native.signature)):
        plan: dict[str, Any] = {
            "seed": 0,
            "cardinality": cardinality,
            "sizes": [sizes],
            "counts": (1,),
        }
        try:
            native(next(probes(native.signature, **plan)).inputs)
        except NativeError as error:
            refused = error
            continue
        found.append(sizes)
        if len(found) == 2:
            return found
    if not found:
        raise ExportError(
            f"A model of unknown sizes must run on some. Received: {native.model.name!r}, which "
            f"runs on none of those tried. Give sizes by input_signature. {refused}"
        ) from refused
    return found


def operators(graph: Any) -> set[str]:
    """The operators of a graph, its bodies and its functions."""

    def walk(nodes: Any) -> set[str]:
        found = {node.op_type for node in nodes}
        for node in nodes:
            for attribute in node.attribute:
                for inner in (attribute.g, *attribute.graphs):
                    found |= walk(inner.node)
        return found

    return walk(graph.graph.node).union(*(walk(part.node) for part in graph.functions))


def by_design(
    native: Predictor, exported: Predictor, batches: list[Probe], used: set[str]
) -> list[str]:
    """Names the outputs that differ on NaN and infinity, and the operators that are known to.

    Raises:
        CertificateError: No operator of the graph is known to differ there.
    """
    notes = []
    for probe in batches:
        truth, answer = native(probe.inputs), exported(probe.inputs)
        for name, expected in truth.items():
            equal = np.isclose(
                expected.astype("float64"),
                answer[name].astype("float64"),
                rtol=1e-3,
                atol=1e-4,
                equal_nan=True,
            )
            if equal.all():
                continue
            known = sorted(used & set(BY_DESIGN))
            said = f"{name} on non-finite inputs: {int((~equal).sum())} of {equal.size} differ"
            if not known:
                raise CertificateError(f"{said}, and no operator is known to treat them otherwise.")
            notes.append(f"{said}, which backends and ONNX define otherwise for {', '.join(known)}")
    return notes


def without_overflow(
    deviations: tuple[Deviation, ...], agreements: tuple[Agreement, ...], used: set[str]
) -> tuple[tuple[Deviation, ...], tuple[Agreement, ...], list[str]]:
    """The rows that count, and what is said of inputs that overflow inside a graph.

    Infinity minus infinity is NaN or a number by the order in which an operator computes. Of whole
    numbers that are made of vast ones, it cannot be seen whether they come from an overflow.
    """
    known = {
        "huge": sorted(used & set(OVERFLOWING)),
        "vast": sorted(used & {*OVERFLOWING, *SUMMING}),
    }
    kept = tuple(
        row
        for row in deviations
        if row.passed or not known.get(row.family) or not math.isinf(row.absolute)
    )
    equal = tuple(
        row for row in agreements if row.passed or row.family != "vast" or not known["vast"]
    )
    excused = [(row.output, row.family) for row in deviations if row not in kept]
    excused += [(row.output, row.family) for row in agreements if row not in equal]
    notes = [
        f"{output} on {family} inputs overflows, which backends and ONNX Runtime compute otherwise "
        f"in {', '.join(known[family])}"
        for output, family in excused
    ]
    return kept, equal, notes


def other_batches(
    native: Native,
    truths: Predictor,
    exported: Predictor,
    batches: Sequence[Probe],
    *,
    large: bool,
    empty: bool = True,
) -> list[str]:
    """Checks an empty batch, and one made of samples whose outputs are known.

    That is one of 1,000 that repeats a sample, or of a large model one of two samples.

    Args:
        native: The model.
        truths: Its outputs, known for the batches.
        exported: The graph.
        batches: Inputs, of which the first come as several.
        large: Whether 1,000 are too many.
        empty: Whether the graph may be run on no samples.

    Raises:
        CertificateError: A batch gives other shapes or numbers.
    """
    if any(tensor.shape[0] is not None for tensor in native.signature.inputs):
        return []
    probe = batches[0]
    truth = truths(probe.inputs)
    rows = probe.count
    if any(not array.shape or len(array) != rows for array in truth.values()):
        return ["without other batches: outputs are not one for each sample"]
    notes = _of_an_empty_batch(exported, probe, truth) if empty else [CRASHES]
    values = sum(array[0].size for array in (*probe.inputs.values(), *truth.values()))
    if large:
        alike = [one for one in batches if one.shapes == probe.shapes][:2]
        several = _joined([one.inputs for one in alike])
        expected = _joined([truths(one.inputs) for one in alike])
    elif values * MANY <= MANY_VALUES:
        several, expected = _repeated(probe.inputs), _repeated(truth)
    else:
        return notes
    made = Probe("several", several)
    rows_differ = compare(lambda _: expected, exported, [made])
    if not all(row.passed for part in rows_differ for row in part):
        rows_differ = compare(native, exported, [made])
    failed = [row.output for part in rows_differ for row in part if not row.passed]
    if failed:
        raise CertificateError(
            f"A batch of {made.count} differs from the native model in {failed[0]}."
        )
    return notes


def _repeated(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.repeat(array[:1], MANY, 0) for name, array in arrays.items()}


def _joined(pieces: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _of_an_empty_batch(exported: Predictor, probe: Probe, truth: Any) -> list[str]:
    """Says what becomes of a batch without samples; nothing where it has outputs without any."""
    try:
        found = exported({name: array[:0] for name, array in probe.inputs.items()})
    except ExportError as error:
        return [f"an empty batch does not run: {error}"]
    return [
        f"an empty batch gives {name} of shape {found[name].shape}"
        for name, expected in truth.items()
        if found[name].shape != (0, *expected.shape[1:])
    ]
