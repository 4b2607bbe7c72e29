"""Draws of a pipeline: truncated towards their mean, or made inside the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from export.errors import ExportError
from export.pipelines.assembly import Assembly
from export.pipelines.pipeline import Arrays, Pipeline
from zoo.noise import Noise

FACTOR = 0.7  # on which truncation is tried
OWN = "truncation"
"""The distribution of a factor that a model reads itself."""
CONTINUOUS = ("normal", "uniform")
RANDOM = (*CONTINUOUS, "cut_normal", "quantile", "categorical", "bernoulli")
COUNT = "count"


def truncate(pipeline: Pipeline) -> None:
    """Adds the input `truncation` `(1,)`, which scales each draw's distance from its mean.

    Raises:
        ExportError: Nothing that can be truncated is drawn.
    """
    assembly, computed = pipeline.assembly, pipeline.compute
    of_kind = {name: noise for name, noise in pipeline.draws.items() if noise.distribution == OWN}
    draws = of_kind or {
        name: noise for name, noise in pipeline.draws.items() if noise.distribution in CONTINUOUS
    }
    if not draws:
        raise ExportError(
            "Truncation scales normal and uniform draws. "
            f"Received: {', '.join(pipeline.draws) or 'a use without draws'}."
        )
    factor = add_factor(pipeline)
    for name, noise in draws.items():
        scaled = f"{name}/truncated"
        assembly.detach_input(name, scaled)
        if noise.distribution == OWN:
            assembly.before("Mul", [name, factor], scaled)
            continue
        mean = assembly.constant(f"{name}/mean", mean_of(noise))
        assembly.before("Sub", [name, mean], f"{name}/distance")
        assembly.before("Mul", [f"{name}/distance", factor], f"{name}/scaled")
        assembly.before("Add", [f"{name}/scaled", mean], scaled)

    def compute(feed: Arrays) -> Arrays:
        factor = float(feed["truncation"][0])
        moved = {name: noise.truncated(feed[name], factor) for name, noise in draws.items()}
        return computed(feed | moved)

    pipeline.compute = compute


def add_factor(pipeline: Pipeline) -> str:
    """Adds the input `truncation`; its name."""
    pipeline.inputs["truncation"] = np.array([FACTOR], "float32")
    return pipeline.assembly.add_input("truncation", "float32", [1])


def mean_of(noise: Noise) -> np.float32:
    """The mean of a normal or uniform draw."""
    return np.float32(0.0 if noise.distribution == "normal" else 0.5 * (noise.low + noise.high))


def draw_inside(pipeline: Pipeline) -> dict[str, Noise]:
    """Replaces random inputs by random operators; the inputs that are gone.

    There are as many rows as an input that is left has, such as labels; where none is left, the
    new input `count`, int64 `(1,)`, says how many.

    Raises:
        ExportError: Nothing is drawn.
    """
    assembly = pipeline.assembly
    draws = {name: noise for name, noise in pipeline.draws.items() if noise.distribution in RANDOM}
    if not draws:
        raise ExportError("A graph draws what a use draws. Received: a use without random draws.")
    for name in draws:
        assembly.remove_input(name)
    left = [name for name in assembly.inputs if name != "truncation"]
    if left:
        shape = assembly.before("Shape", [left[0]], "draws/count", start=0, end=1)
    else:
        shape = assembly.add_input(COUNT, "int64", [1])
    for name, noise in draws.items():
        _draw(assembly, name, noise, shape)
    return draws


def _draw(assembly: Assembly, name: str, noise: Noise, shape: str) -> None:
    """Makes `name` of random operators, in the noise's distribution."""
    if noise.shape:
        sizes = assembly.constant(f"{name}/sizes", np.array(noise.shape, "int64"))
        shape = assembly.before("Concat", [shape, sizes], f"{name}/shape", axis=0)
    like = assembly.before("ConstantOfShape", [shape], f"{name}/like")
    if noise.distribution in ("normal", "cut_normal"):
        assembly.before("RandomNormalLike", [like], name, dtype=TensorProto.FLOAT)
        return
    limits: dict[str, Any] = {"dtype": TensorProto.FLOAT}
    if noise.distribution in ("uniform", "quantile"):
        assembly.before("RandomUniformLike", [like], name, low=noise.low, high=noise.high, **limits)
        return
    unit = assembly.before("RandomUniformLike", [like], f"{name}/unit", **limits)
    if noise.distribution == "bernoulli":
        share = assembly.constant(f"{name}/probability", np.float32(noise.probability))
        below = assembly.before("Less", [unit, share], f"{name}/below")
        assembly.before("Cast", [below], name, to=TensorProto.FLOAT)
        return
    scale = assembly.constant(f"{name}/size", np.float32(noise.size))
    last = assembly.constant(f"{name}/last", np.float32(noise.size - 1))
    scaled = assembly.before("Mul", [unit, scale], f"{name}/multiplied")
    # A generator of [0, 1) may round to 1.
    bounded = assembly.before("Min", [scaled, last], f"{name}/bounded")
    assembly.before("Cast", [bounded], name, to=TensorProto.INT32)
