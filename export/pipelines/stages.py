"""What can be put before and behind a pipeline: bytes, truncation, a fitted density, draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from export.errors import ExportError
from export.pipelines.assembly import Assembly
from export.pipelines.density import Density
from export.pipelines.kinds import Arrays, Pipeline, decode, decoder_of, read_by
from export.runtime import Session
from export.runtime.manifest import Noise

LEVELS = 255.0
FACTOR = 0.7  # on which truncation is tried
SEED = 0


def with_density(session: Session, density: Density, *, truncated: bool) -> Pipeline:
    """The decoder behind a fitted density: `noise`, and `choice` of a component, → data.

    Raises:
        ExportError: The decoder does not read codes as the density was fitted to.
    """
    name = decoder_of(session)
    pipeline = decode(session)
    port = read_by(session, name)
    if port.dtype != "float32" or tuple(port.shape) != tuple(density.shape):
        raise ExportError(
            f"A density is fitted to the codes that the decoder reads: {port.dtype} {port.shape}. "
            f"Received: one of float32 {density.shape}."
        )
    assembly, decoded = pipeline.assembly, pipeline.compute
    rng = np.random.default_rng([SEED])
    count = len(pipeline.inputs.pop(port.name))
    for random, noise in density.noises.items():
        assembly.add_input(random, "float32", ["batch", *noise.shape])
        pipeline.inputs[random] = noise.draw(rng, count)
    factor = _truncation(pipeline) if truncated else None
    _draw_codes(assembly, density, port.name, factor)
    assembly.remove_input(port.name)

    def compute(feed: Arrays) -> np.ndarray:
        by = float(feed["truncation"][0]) if truncated else 1.0
        codes = density.draw(feed["noise"], feed.get("choice"), by)
        labels = {key: feed[key] for key in feed if key == "labels"}
        return decoded({port.name: codes} | labels)

    pipeline.compute = compute
    return pipeline


def _draw_codes(assembly: Assembly, density: Density, code: str, factor: str | None) -> None:
    """Adds the operators that make codes of noise; `factor` names the truncation."""
    add, keep = assembly.before, assembly.constant
    if density.components == 1:
        mean = keep("density/mean", density.means[0])
        moved = add(
            "MatMul", ["noise", keep("density/factor", density.factors[0].T)], "density/moved"
        )
    else:
        rows = add("Unsqueeze", ["choice", keep("density/axis", [1])], "density/choice")
        above = keep("density/thresholds", density.thresholds)
        reached = add("GreaterOrEqual", [rows, above], "density/reached")
        ones = add("Cast", [reached], "density/ones", to=TensorProto.FLOAT)
        counted = add(
            "MatMul",
            [ones, keep("density/one", np.ones(len(density.thresholds), "float32"))],
            "density/count",
        )
        index = add("Cast", [counted], "density/index", to=TensorProto.INT64)
        mean = add("Gather", [keep("density/means", density.means), index], "density/mean")
        factors = add("Gather", [keep("density/factors", density.factors), index], "density/factor")
        moved = add("Einsum", [factors, "noise"], "density/moved", equation="bij,bj->bi")
    if factor is not None:
        moved = add("Mul", [moved, factor], "density/truncated")
    flat = add("Add", [moved, mean], "density/flat")
    shape = keep("density/shape", np.array([-1, *density.shape], "int64"))
    assembly.detach_input(code, add("Reshape", [flat, shape], "density/codes"))


def truncate(pipeline: Pipeline, prior: dict[str, Noise]) -> None:
    """Adds the input `truncation` `(1,)`, which scales the prior's distance from its mean."""
    assembly, computed = pipeline.assembly, pipeline.compute
    factor = _truncation(pipeline)
    for name, noise in prior.items():
        scaled = f"{name}/truncated"
        assembly.detach_input(name, scaled)
        mean = assembly.constant(f"{name}/mean", _mean(noise))
        assembly.before("Sub", [name, mean], f"{name}/distance")
        assembly.before("Mul", [f"{name}/distance", factor], f"{name}/scaled")
        assembly.before("Add", [f"{name}/scaled", mean], scaled)

    def compute(feed: Arrays) -> np.ndarray:
        given = {key: array for key, array in feed.items() if key != "truncation"}
        for name, noise in prior.items():
            mean = _mean(noise)
            given[name] = mean + feed["truncation"] * (feed[name] - mean)
        return computed(given)

    pipeline.compute = compute


def _truncation(pipeline: Pipeline) -> str:
    pipeline.inputs["truncation"] = np.array([FACTOR], "float32")
    return pipeline.assembly.add_input("truncation", "float32", [1])


def _mean(noise: Noise) -> np.float32:
    return np.float32(0.0 if noise.distribution == "normal" else 0.5 * (noise.low + noise.high))


def bytes_in(pipeline: Pipeline, low: float, high: float) -> None:
    """Makes `data` bytes: cast, scale and shift before what reads it."""
    assembly, computed = pipeline.assembly, pipeline.compute
    assembly.detach_input("data", "data/scaled")
    scale = assembly.constant("data/scale", np.float32((high - low) / LEVELS))
    shift = assembly.constant("data/shift", np.float32(low))
    assembly.before("Cast", ["data"], "data/float", to=TensorProto.FLOAT)
    assembly.before("Mul", ["data/float", scale], "data/multiplied")
    assembly.before("Add", ["data/multiplied", shift], "data/scaled")
    assembly.retype_input("data", "uint8")
    pipeline.inputs["data"] = _to_bytes(pipeline.inputs["data"], low, high)
    pipeline.compute = lambda feed: computed(feed | {"data": to_floats(feed["data"], low, high)})


def bytes_out(pipeline: Pipeline, low: float, high: float) -> None:
    """Makes the output bytes: shift, scale, clip, round and cast."""
    assembly = pipeline.assembly
    name = assembly.detach_output(f"{pipeline.output}/float")
    shift = assembly.constant("levels/shift", np.float32(low))
    scale = assembly.constant("levels/scale", np.float32(LEVELS / (high - low)))
    least = assembly.constant("levels/least", np.float32(0.0))
    most = assembly.constant("levels/most", np.float32(LEVELS))
    assembly.after("Sub", [f"{name}/float", shift], "levels/shifted")
    assembly.after("Mul", ["levels/shifted", scale], "levels/scaled")
    assembly.after("Clip", ["levels/scaled", least, most], "levels/clipped")
    assembly.after("Round", ["levels/clipped"], "levels/rounded")
    assembly.after("Cast", ["levels/rounded"], name, to=TensorProto.UINT8)
    assembly.model.graph.output[0].type.tensor_type.elem_type = TensorProto.UINT8


def draw_inside(assembly: Assembly, noises: dict[str, Noise]) -> None:
    """Replaces random inputs by random operators of `count` rows."""
    assembly.add_input("count", "int64", [1])
    for name, noise in noises.items():
        assembly.remove_input(name)
        shape = "count"
        if noise.shape:
            sizes = assembly.constant(f"{name}/sizes", np.array(noise.shape, "int64"))
            shape = assembly.before("Concat", ["count", sizes], f"{name}/shape", axis=0)
        like = assembly.before("ConstantOfShape", [shape], f"{name}/like")
        limits: dict[str, Any] = {}
        if noise.distribution == "uniform":
            limits = {"low": noise.low, "high": noise.high}
        operator = {"normal": "RandomNormalLike", "uniform": "RandomUniformLike"}
        assembly.before(
            operator[noise.distribution], [like], name, dtype=TensorProto.FLOAT, **limits
        )


def _to_bytes(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.rint(np.clip((values - low) * (LEVELS / (high - low)), 0, LEVELS)).astype(np.uint8)


def to_floats(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Bytes as values from `low` to `high`."""
    return values * np.float32((high - low) / LEVELS) + np.float32(low)
