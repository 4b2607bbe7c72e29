"""Programs: steps that each call an operation or a layer on earlier tensors; and their models."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from export.direct import handlers, registry  # noqa: F401  (handlers fill the tables)
from export.direct.registry import Array, Case
from tests.export import coverage

INPUT_SHAPES = ((5,), (3, 4), (1,), (7, 3), (5, 4, 2), (2, 3, 3, 2))
# Kind of step → how often it comes.
KINDS = {
    "input": 0.08, "unknown": 0.1, "text": 0.07, "operation": 0.5, "layer": 0.15, "shared": 0.05,
    "nested": 0.05,
}  # fmt: skip
# Layers whose values depend on rounding, or on the order of equal ones.
UNFIT_LAYERS = ("Equalization", "RandomCrop", "MelSpectrogram", "STFTSpectrogram")
UNFIT_OPERATIONS = ("image.resize",)


@dataclass(frozen=True)
class Step:
    """What makes one tensor: a kind, which of it, and the earlier steps that it reads."""

    kind: str
    choice: int
    sources: tuple[int, ...] = ()


@dataclass(frozen=True)
class Program:
    """Steps in order, and those whose tensors are outputs."""

    steps: tuple[Step, ...]
    outputs: tuple[int, ...]


def operations() -> list[Case]:
    """The cases whose calls work on samples one by one."""
    return [
        case for case in registry.cases() if case.batched and case.function not in UNFIT_OPERATIONS
    ]


def layer_names() -> list[str]:
    """The layers that a program may have."""
    return [name for name in coverage.LAYERS if name not in UNFIT_LAYERS]


def draw(rng: np.random.Generator) -> Program:
    """A random program of three to nine steps, of which the last are outputs."""
    steps = [Step("input", int(rng.integers(len(INPUT_SHAPES))))]
    kinds = rng.choice(list(KINDS), size=int(rng.integers(2, 9)), p=list(KINDS.values()))
    for kind in kinds:
        sources = tuple(int(i) for i in rng.integers(len(steps), size=4))
        steps.append(Step(str(kind), int(rng.integers(10**6)), sources))
    return Program(tuple(steps), tuple(range(max(0, len(steps) - 3), len(steps))))


def build(program: Program) -> keras.Model:
    """The model of a program."""
    keras.utils.set_random_seed(0)
    inputs: list[Any] = []
    tensors: list[Any] = []
    for step in program.steps:
        tensors.append(_made(step, [tensors[i] for i in step.sources if i < len(tensors)], inputs))
    flat = [leaf for i in program.outputs for leaf in keras.tree.flatten(tensors[i])]
    return keras.Model(inputs, {f"y{i}": tensor for i, tensor in enumerate(flat)}, name="fuzzed")


def _made(step: Step, sources: list[Any], inputs: list[Any]) -> Any:
    sources = [keras.tree.flatten(source)[0] for source in sources]
    if step.kind == "input":
        inputs.append(
            keras.Input(INPUT_SHAPES[step.choice % len(INPUT_SHAPES)], name=_name(inputs))
        )
        return inputs[-1]
    if step.kind == "unknown":
        return _of_unknown_length(step.choice, inputs)
    if step.kind == "text":
        return _of_text(step.choice, inputs)
    if step.kind == "operation":
        known = operations()
        return _called(known[step.choice % len(known)], sources)
    return _layer(step, sources)


def _name(inputs: list[Any]) -> str:
    return f"x{len(inputs)}"


def _of_unknown_length(choice: int, inputs: list[Any]) -> Any:
    """A sequence of unknown length through one layer, and its mean."""
    inputs.append(keras.Input((None, 4), name=_name(inputs)))
    x = inputs[-1]
    ways = (
        lambda: layers.Conv1D(3, 3, padding="same", strides=1 + choice % 2)(x),
        lambda: layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=bool(choice % 2)),
        lambda: layers.LSTM(3, return_sequences=True, go_backwards=bool(choice % 2))(x),
        lambda: layers.RNN(layers.GRUCell(3), return_sequences=True)(x),
        lambda: layers.Reshape((-1, 2))(x),
        lambda: ops.cumsum(ops.flip(x, axis=1), axis=1),
        lambda: layers.TimeDistributed(layers.Dense(3))(x),
    )
    return layers.GlobalAveragePooling1D()(ways[choice // 2 % len(ways)]())


def _of_text(choice: int, inputs: list[Any]) -> Any:
    """Tokens with a mask through a recurrent layer."""
    inputs.append(keras.Input((None,), dtype="int32", name=_name(inputs)))
    x = layers.Embedding(9, 4, mask_zero=True)(inputs[-1])
    kind = (layers.LSTM, layers.GRU, layers.SimpleRNN)[choice % 3]
    return layers.Bidirectional(kind(3))(x) if choice % 2 else kind(3)(x)


def fitted(x: Any, spec: Array) -> Any:
    """A tensor of the shape, dtype and range that an argument needs, made of any other."""
    count = math.prod(spec.shape[1:])
    flat = ops.reshape(ops.cast(x, "float32"), (-1, math.prod(x.shape[1:])))
    flat = ops.tile(flat, (1, -(-count // max(flat.shape[1], 1))))[:, :count]
    shaped = ops.reshape(flat, (-1, *spec.shape[1:]))
    # Bounded, so that no program is at the mercy of rounding in a sum of large numbers.
    share = 0.5 + 0.5 * ops.sin(ops.clip(shaped, -8.0, 8.0))
    if spec.dtype == "bool":
        return share > 0.5
    values = spec.low + (spec.high - spec.low) * share
    if spec.dtype.startswith("float"):
        return values
    top = max(int(spec.high) - 1, int(spec.low))
    return ops.cast(ops.clip(ops.floor(values), int(spec.low), top), spec.dtype)


def _called(case: Case, sources: list[Any]) -> Any:
    function = attrgetter(case.function)(ops)
    given = iter(sources * 4)

    def argument(value: Any) -> Any:
        return fitted(next(given), value) if isinstance(value, Array) else value

    arguments, keywords = keras.tree.map_structure(argument, (case.arguments, case.keywords))
    return function(*arguments, **keywords)


def _layer(step: Step, sources: list[Any]) -> Any:
    names = layer_names()
    model = coverage.layer(names[step.choice % len(names)])
    specs = [
        Array(
            (None, *x.shape[1:]),
            x.dtype,
            0 if "int" in x.dtype else -1,
            9 if "int" in x.dtype else 1,
        )
        for x in model.inputs
    ]

    def called(first: int) -> Any:
        read = [fitted(sources[(first + i) % len(sources)], s) for i, s in enumerate(specs)]
        return model(read if len(read) > 1 else read[0])

    if step.kind == "shared":
        return [called(0), called(1)]
    if step.kind == "nested":
        return called(0)
    inner = [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]
    return (
        called(0) if len(inner) != 1 or len(specs) > 1 else inner[0](fitted(sources[0], specs[0]))
    )


def feed(model: keras.Model, batch: int, seed: int) -> dict[str, np.ndarray]:
    """Random inputs of a model, unknown sizes drawn from odd ones."""
    rng = np.random.default_rng(seed)
    found = {}
    for symbol in model.inputs:
        shape = (batch, *(int(rng.integers(4, 8)) if n is None else n for n in symbol.shape[1:]))
        whole = "int" in symbol.dtype
        drawn = rng.integers(0, 9, shape) if whole else rng.uniform(-2, 2, shape)
        found[symbol.name] = drawn.astype(symbol.dtype)
    return found


def pruned(program: Program, outputs: tuple[int, ...]) -> Program:
    """A program of the steps alone that some outputs need."""
    needed: set[int] = set()
    pending = list(outputs)
    while pending:
        index = pending.pop()
        if index not in needed:
            needed.add(index)
            pending.extend(program.steps[index].sources)
    places = {old: new for new, old in enumerate(sorted(needed))}
    steps = tuple(
        replace(program.steps[i], sources=tuple(places[s] for s in program.steps[i].sources))
        for i in sorted(needed)
    )
    return Program(steps, tuple(places[i] for i in outputs))
