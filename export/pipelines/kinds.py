"""THE TABLE of pipelines: each as a graph, and as what the bundle's parts compute in sequence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx

from export.bundle.reference import read_reference, select
from export.errors import ExportError
from export.pipelines.assembly import Assembly, joined
from export.runtime import Session
from export.runtime.manifest import Port

Arrays = dict[str, np.ndarray]
PREFIX = "decoder/"
DECODERS = ("decoder", "generator")


@dataclass
class Pipeline:
    """A pipeline while it is put together.

    Attributes:
        assembly: Its graph.
        inputs: Arrays to try it on, by input name.
        compute: What the bundle's parts make of such arrays: the single output.
    """

    assembly: Assembly
    inputs: Arrays
    compute: Callable[[Arrays], np.ndarray]

    @property
    def output(self) -> str:
        """The name of the single output."""
        return self.assembly.model.graph.output[0].name


def encode(session: Session) -> Pipeline:
    """Data (and labels) → codes."""
    code = session.manifest.code
    graph = _part(session, "encoder")
    kept = [entry for entry in graph.graph.output if entry.name == code]
    del graph.graph.output[:]
    graph.graph.output.extend(kept)
    return Pipeline(
        Assembly(graph),
        _reference(session, "encoder"),
        lambda feed: session.run("encoder", feed)[str(code)],
    )


def decode(session: Session) -> Pipeline:
    """Latents or code indices (and labels) → data."""
    name = decoder_of(session)
    graph = _part(session, name)
    inputs = _reference(session, name)
    return Pipeline(Assembly(graph), inputs, lambda feed: session.run(name, feed)["data"])


def generate(session: Session) -> Pipeline:
    """The prior's noise (and labels) → data."""
    name = session.manifest.sampler
    if name is None:
        raise ExportError(
            f"The pipeline 'generate' draws from a prior. Received: {session.manifest.model}, "
            f"which has none. Accepted: a density, fitted to continuous codes."
        )
    graph = _part(session, name)
    inputs = _reference(session, name)
    return Pipeline(Assembly(graph), inputs, lambda feed: session.run(name, feed)["data"])


def reconstruct(session: Session) -> Pipeline:
    """Data (and labels) → `reconstruction`, through encoder and decoder."""
    encoder, decoder = _part(session, "encoder"), _part(session, "decoder")
    port = read_by(session, "decoder")
    code = str(session.manifest.code)
    assembly = joined(encoder, decoder, code, port.name, PREFIX)
    assembly.rename(f"{PREFIX}data", "reconstruction")
    labelled = session.manifest.parts["decoder"].input("labels") is not None
    inputs = _reference(session, "encoder")
    if labelled:
        inputs.setdefault("labels", read_reference(session.folder)["decoder/input/labels"])
    reads = [entry.name for entry in session.manifest.parts["encoder"].inputs]

    def compute(feed: Arrays) -> np.ndarray:
        made = session.run("encoder", {name: feed[name] for name in reads})[code]
        given = {"labels": feed["labels"]} if labelled else {}
        return session.run("decoder", {port.name: made} | given)["data"]

    return Pipeline(assembly, inputs, compute)


def score(session: Session) -> Pipeline:
    """Data (and labels) → `score` `(batch,)`: the mean squared error of the reconstruction."""
    pipeline = reconstruct(session)
    add = pipeline.assembly.after
    scale = pipeline.assembly.constant(
        "score/scale", np.float32(1.0 / math.prod(session.manifest.shape))
    )
    add("Sub", ["data", "reconstruction"], "score/difference")
    add("Flatten", ["score/difference"], "score/flat", axis=1)
    add("Einsum", ["score/flat", "score/flat"], "score/sum", equation="bi,bi->b")
    add("Mul", ["score/sum", scale], "score")
    pipeline.assembly.set_output("score", "float32", ["batch"])
    rebuild = pipeline.compute

    def compute(feed: Arrays) -> np.ndarray:
        squares = np.square(feed["data"] - rebuild(feed))
        return np.mean(squares.reshape(len(squares), -1), axis=1)

    pipeline.compute = compute
    return pipeline


KINDS: dict[str, Callable[[Session], Pipeline]] = {
    "encode": encode,
    "decode": decode,
    "generate": generate,
    "reconstruct": reconstruct,
    "score": score,
}


def decoder_of(session: Session) -> str:
    """The name of the part that makes data of codes or latents."""
    return next((name for name in DECODERS if name in session.manifest.parts), DECODERS[0])


def read_by(session: Session, name: str) -> Port:
    """What a decoder reads beside labels."""
    ports = session.manifest.parts[name].inputs
    return next(port for port in ports if port.role != "labels")


def _part(session: Session, name: str) -> onnx.ModelProto:
    parts = session.manifest.parts
    if name not in parts:
        raise ExportError(
            f"The pipeline needs a part that the bundle lacks. Received: {', '.join(parts)}. "
            f"Needed: {name}."
        )
    model = onnx.load(str(session.folder / parts[name].file))
    del model.metadata_props[:]  # of the part, not of the pipeline
    return model


def _reference(session: Session, name: str) -> Arrays:
    """The stored reference inputs of a part."""
    return select(read_reference(session.folder), f"{name}/input/")
