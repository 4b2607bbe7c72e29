"""What becomes of a program: right, refused, differs, or crashed; and the smallest that does so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import onnxruntime
from onnx.reference import ReferenceEvaluator

from export.certification.certificate import all_passed
from export.certification.compare import compare
from export.certification.inputs import Probe
from export.direct import convert
from export.errors import ExportError
from export.runtime import openvino
from tests.fuzz.programs import Program, Step, build, draw, feed, pruned

# Functions that the reference evaluator computes otherwise, or not at all.
OPSETS = (None, 17, 22)


@dataclass(frozen=True)
class Outcome:
    """One of right, refused, unfit (Keras itself does not build it), differs, wrong, crashed."""

    kind: str
    reason: str = ""
    owner: str = ""


def outcome(seed: int, *, deep: bool = False) -> tuple[Program, Outcome]:
    """The program of a seed, and what becomes of it."""
    program = draw(np.random.default_rng([seed]))
    return program, judged(program, seed, deep=deep)


def judged(program: Program, seed: int, *, deep: bool = False) -> Outcome:
    """Compares a program's graph with its native model, and with itself under other readings.

    Args:
        program: What to build.
        seed: Of the inputs.
        deep: Whether other opsets and the reference evaluator are asked too.
    """
    try:
        model = build(program)
        native = Eager(model)
        given = feed(model, 3, seed)
        native(given)
    except Exception as error:  # what Keras itself rejects, on this backend
        return Outcome("unfit", _line(error))
    try:
        proto = convert(model)
    except ExportError as error:
        return Outcome("refused", _line(error))
    except Exception as error:
        return Outcome("crashed", _line(error), "ours")
    return _compared(model, native, proto, given, deep=deep)


def _compared(model: Any, native: Any, proto: Any, given: Any, *, deep: bool) -> Outcome:
    probes = [Probe("normal", given), Probe("normal", {k: v[:1] for k, v in given.items()})]
    try:
        runs = session(proto)
        found = differs(native, runs, probes)
    except Exception as error:
        return Outcome("crashed", _line(error), "ours")
    if found:
        plain = session(proto, optimized=False)
        owner = "ours" if differs(native, plain, probes) else "ONNX Runtime's optimizations"
        return Outcome("differs", found, owner)
    if deep:
        for name, other in readings(model, proto):
            try:
                found = differs(native, other, probes[:1])
            except ExportError:
                continue  # an operator that the opset has not
            except Exception as error:
                return Outcome("other", f"{name}: {_line(error)}", name)
            if found:
                return Outcome("other", f"{name}: {found}", name)
    return Outcome("right")


def readings(model: Any, proto: Any) -> Any:
    """Other readings of the same model: without optimizations, other opsets, the reference."""
    yield "ONNX Runtime without optimizations", session(proto, optimized=False)
    for opset in OPSETS[1:]:
        try:
            yield f"opset {opset}", session(convert(model, opset=opset))
        except ExportError:
            continue
    if openvino.installed():
        network = openvino.Network(proto.SerializeToString(), threads=1)
        known = {entry.name for entry in network.get_inputs()}
        names = [entry.name for entry in network.get_outputs()]
        yield (
            "OpenVINO",
            lambda feed: dict(
                zip(
                    names,
                    network.run(names, {k: v for k, v in feed.items() if k in known}),
                    strict=True,
                )
            ),
        )
    evaluator = ReferenceEvaluator(proto)
    names = [entry.name for entry in proto.graph.output]
    yield (
        "reference evaluator",
        lambda feed: dict(zip(names, evaluator.run(None, dict(feed)), strict=True)),
    )


class Eager:
    """A model as a function of named arrays, run as it is."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, inputs: Any) -> dict[str, np.ndarray]:
        """Outputs by name."""
        values = [inputs[symbol.name] for symbol in self.model.inputs]
        found = self.model(values, training=False)
        return {
            name: np.asarray(keras.ops.convert_to_numpy(array)) for name, array in found.items()
        }


def session(proto: Any, *, optimized: bool = True) -> Any:
    """A graph as a function of named arrays."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    made = onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [entry.name for entry in made.get_outputs()]
    known = {entry.name for entry in made.get_inputs()}

    def run(inputs: Any) -> dict[str, np.ndarray]:
        given = {name: array for name, array in inputs.items() if name in known}
        return dict(zip(names, made.run(None, given), strict=True))

    return run


def differs(native: Any, exported: Any, probes: list[Probe]) -> str:
    """Names the first output that is out of the certificate's tolerance; empty without one."""

    def answer(inputs: Any) -> dict[str, np.ndarray]:
        truth, found = native(inputs), exported(inputs)
        # Keras's declared and returned dtypes differ on some backends; numbers count.
        return {name: found[name].astype(truth[name].dtype) for name in truth}

    deviations, agreements = compare(native, answer, probes)
    if all_passed(deviations, agreements):
        return ""
    row = next(row for row in (*deviations, *agreements) if not row.passed)
    return f"{row.output}: {row}"


def minimised(program: Program, seed: int, kind: str) -> Program:
    """The smallest program that has the same outcome: one output, few steps, inputs for steps."""

    def still(candidate: Program) -> bool:
        return judged(candidate, seed).kind == kind

    for output in program.outputs:
        candidate = pruned(program, (output,))
        if still(candidate):
            program = candidate
            break
    shrinking = True
    while shrinking:
        shrinking = False
        for index, step in enumerate(program.steps[:-1]):
            if step.kind == "input":
                continue
            steps = list(program.steps)
            steps[index] = Step("input", 0)
            candidate = pruned(replace(program, steps=tuple(steps)), program.outputs)
            if still(candidate):
                program, shrinking = candidate, True
                break
    return program


def _line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {(lines or [''])[0][:200]}"
