"""A fitted density in front of a pipeline: it draws the codes that the pipeline reads."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from export.errors import ExportError
from export.pipelines.assembly import Assembly
from export.pipelines.density import Density
from export.pipelines.draws import add_factor
from export.pipelines.pipeline import Arrays, Pipeline

SEED = 0


def with_density(pipeline: Pipeline, density: Density, *, truncated: bool) -> None:
    """Puts `noise`, and `choice` of a component, in the place of a code.

    Raises:
        ExportError: Not exactly one input is such a code as the density was fitted to.
    """
    code = _code(pipeline, density)
    assembly, computed = pipeline.assembly, pipeline.compute
    rng = np.random.default_rng([SEED])
    count = len(pipeline.inputs.pop(code))
    for random, noise in density.noises.items():
        assembly.add_input(random, "float32", ["batch", *noise.shape])
        pipeline.inputs[random] = noise.draw(rng, count)
    factor = add_factor(pipeline) if truncated else None
    _draw_codes(assembly, density, code, factor)
    assembly.remove_input(code)
    del pipeline.ports[code]
    pipeline.draws.pop(code, None)
    pipeline.draws |= density.noises

    def compute(feed: Arrays) -> Arrays:
        by = float(feed["truncation"][0]) if truncated else 1.0
        codes = density.draw(feed["noise"], feed.get("choice"), by)
        return computed(feed | {code: codes})

    pipeline.compute = compute


def _code(pipeline: Pipeline, density: Density) -> str:
    """The input that holds codes as the density was fitted to."""
    others = {name: port for name, port in pipeline.ports.items() if port.range is None}
    fitting = [
        name
        for name, port in others.items()
        if port.dtype == "float32" and tuple(port.shape) == tuple(density.shape)
    ]
    if len(fitting) != 1:
        read = ", ".join(f"{name} {p.dtype} {p.shape}" for name, p in others.items()) or "none"
        raise ExportError(
            f"A density is fitted to the codes that a use reads. Received: one of float32 "
            f"{density.shape}. Accepted: the codes of this use: {read}."
        )
    return fitting[0]


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
