"""A use as one graph that can be extended, and as what the bundle's parts compute in sequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx

from export.bundle.reference import read_reference
from export.errors import BundleError, ExportError
from export.pipelines.assembly import Assembly
from export.pipelines.merging import merged, result_name
from export.runtime import Session
from export.runtime.table import Port
from zoo.noise import Noise
from zoo.uses import run

Arrays = dict[str, np.ndarray]


@dataclass
class Pipeline:
    """A pipeline while it is put together.

    Attributes:
        assembly: Its graph.
        inputs: Arrays to try it on, by input name.
        compute: Arrays → the results of the bundle's parts, by their name in the graph.
        ports: The ports of the inputs that come from the caller.
        results: The content of the results, by their name in the graph.
        draws: The inputs that can be drawn, and how.
    """

    assembly: Assembly
    inputs: Arrays
    compute: Callable[[Arrays], Arrays]
    ports: dict[str, Port]
    results: dict[str, Port]
    draws: dict[str, Noise]


def of_use(session: Session, name: str) -> Pipeline:
    """The merged graph of a use, beside its parts in sequence.

    Raises:
        BundleError: A graph was changed, or does not run.
        ExportError: The bundle has no such use, or its graphs do not go together.
    """
    if name not in session.uses:
        raise ExportError(
            f"A pipeline must be a use of the bundle. Received: {name!r}. "
            f"Accepted: {', '.join(session.uses)}."
        )
    use = session.uses[name]
    names = {result: result_name(use, result) for result in use.gives}

    def load(part: str) -> onnx.ModelProto:
        graph = session.part_graph(part)
        if isinstance(graph, bytes):
            model = onnx.load_model_from_string(graph)
        else:
            model = onnx.load(str(graph))
        del model.metadata_props[:]  # of the part, not of the pipeline
        return model

    def compute(feed: Arrays) -> Arrays:
        made = run(use, session.run, {value: feed[value] for value in use.inputs})
        return {names[result]: array for result, array in made.items()}

    return Pipeline(
        assembly=Assembly(merged(name, use, load)),
        inputs=_reference_inputs(session, name),
        compute=compute,
        ports=session.manifest.inputs(name),
        results={names[r]: port for r, port in session.manifest.results(name).items()},
        draws=dict(use.draws),
    )


def _reference_inputs(session: Session, name: str) -> Arrays:
    """Inputs of a use: what the bundle keeps as inputs of the parts that read them."""
    stored, use = read_reference(session.folder), session.uses[name]
    found: Arrays = {}
    seen: dict[str, int] = {}
    for value in use.inputs:
        keys = [f"{part}/input/{port}" for part, port in use.readers(value)]
        key = next((key for key in keys if key in stored), None)
        if key is None:
            raise BundleError(f"The bundle keeps no inputs for {value!r} of the use {name!r}.")
        found[value] = np.roll(stored[key], seen.get(key, 0), axis=0)  # two values differ
        seen[key] = seen.get(key, 0) + 1
    rows = min(map(len, found.values()))
    return {value: array[:rows] for value, array in found.items()}
