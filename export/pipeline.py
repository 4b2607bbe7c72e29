"""Whole pipelines as one graph, put together from the parts of a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper

from export.certificate import all_passed
from export.certify import compare
from export.errors import CertificateError, ExportError
from export.probes import Probe
from export.runtime import Session
from export.runtime.engine import open_session, run
from export.storage import storing
from export.verification import read_reference, select

KINDS = ("reconstruct", "generate")
LEVELS = 255.0
PREFIX = "decoder/"
ROUNDED = 0.51  # of a level: rounding to the nearest, itself rounded


def to_pipeline(
    bundle: str | Path,
    path: str | Path,
    kind: str,
    *,
    uint8: bool = False,
    random: bool = False,
) -> Path:
    """Writes a pipeline of a bundle as one ONNX file, once it agrees with the parts in sequence.

    `reconstruct` is encoder and decoder: `data` (and `labels`) in, `reconstruction` out.
    `generate` is the sampler: its prior's inputs (and `labels`) in, `data` out.

    Args:
        bundle: The bundle's folder.
        path: Where the file goes.
        kind: `reconstruct` or `generate`.
        uint8: Whether images go in and come out as bytes, 0 to 255, channels last.
        random: Whether `generate` draws its prior itself, anew at each call: the input `count`,
            int64 `(1,)`, takes the place of the noise. Nothing can seed it.

    Raises:
        ExportError: the bundle lacks a part, or an option does not apply.
        CertificateError: the pipeline differs from its parts; no file is left.
        TargetError: the file cannot be written.
    """
    session = Session(bundle)
    manifest = session.manifest
    if kind not in KINDS:
        raise ExportError(f"A pipeline must be one of {', '.join(KINDS)}. Received: {kind!r}.")
    if random and kind != "generate":
        raise ExportError("Only the pipeline 'generate' draws noise. Received: random=True.")
    if uint8 and (manifest.value_range is None or len(manifest.shape) != 3):
        raise ExportError(
            f"Bytes stand for images with a value range. Received: shape {manifest.shape}, "
            f"value range {manifest.value_range}."
        )
    low, high = manifest.value_range or (0.0, 1.0)
    model = _reconstruct(session) if kind == "reconstruct" else _generate(session)
    inputs = _reference(session, kind)
    expected = _in_sequence(session, kind, inputs)
    output = model.graph.output[0].name
    if uint8:
        if kind == "reconstruct":
            _bytes_in(model, low, high)
            inputs["data"] = _to_bytes(inputs["data"], low, high)
            expected = _in_sequence(session, kind, inputs)
        _bytes_out(model, low, high)
    with storing(model, Path(path)) as temporary:
        answer = run(open_session(temporary), inputs)[output]
        if uint8:
            spread = np.abs(_to_floats(answer, low, high) - expected).max()
            passed = bool(spread <= ROUNDED * (high - low) / LEVELS)
        else:
            feed = Probe("reference", inputs)
            rows = compare(lambda _: {output: expected}, lambda _: {output: answer}, [feed])
            passed = all_passed(*rows)
        if not passed:
            raise CertificateError(f"The pipeline {kind!r} differs from its parts in sequence.")
        if random:
            _draw_inside(model, session)
            temporary.write_bytes(model.SerializeToString(deterministic=True))
            open_session(temporary)
        onnx.checker.check_model(str(temporary), full_check=True)
    return Path(path)


def _part(session: Session, name: str | None) -> onnx.ModelProto:
    if name not in session.manifest.parts:
        raise ExportError(
            f"The pipeline needs a part that the bundle lacks. Received: "
            f"{', '.join(session.manifest.parts)}. Needed: {name or 'a sampler'}."
        )
    model = onnx.load(str(session.folder / session.manifest.parts[name].file))
    del model.metadata_props[:]  # of the part, not of the pipeline
    return model


def _generate(session: Session) -> onnx.ModelProto:
    return _part(session, session.manifest.sampler)


def _reconstruct(session: Session) -> onnx.ModelProto:
    encoder, decoder = _part(session, "encoder"), _part(session, "decoder")
    reads = next(entry.name for entry in decoder.graph.input if entry.name != "labels")
    merged = compose.merge_models(
        encoder,
        compose.add_prefix(decoder, PREFIX),
        io_map=[(str(session.manifest.code), PREFIX + reads)],
        outputs=[PREFIX + "data"],
    )
    _rename(merged, PREFIX + "data", "reconstruction")
    if PREFIX + "labels" in [entry.name for entry in merged.graph.input]:
        _share_labels(merged)
    return merged


def _share_labels(model: onnx.ModelProto) -> None:
    """Makes the decoder read the encoder's labels, or its own under their plain name."""
    names = [entry.name for entry in model.graph.input]
    if "labels" in names:
        del model.graph.input[names.index(PREFIX + "labels")]
    _rename(model, PREFIX + "labels", "labels")


def _rename(model: onnx.ModelProto, old: str, new: str) -> None:
    graph = model.graph
    for entry in (*graph.input, *graph.output, *graph.value_info):
        entry.name = new if entry.name == old else entry.name
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]


def _scalar(model: onnx.ModelProto, name: str, value: float) -> str:
    model.graph.initializer.append(helper.make_tensor(name, TensorProto.FLOAT, [], [value]))
    return name


def _bytes_in(model: onnx.ModelProto, low: float, high: float) -> None:
    """Makes `data` bytes: cast, scale and shift before what read it."""
    for node in model.graph.node:
        node.input[:] = ["scaled" if name == "data" else name for name in node.input]
    next(
        e for e in model.graph.input if e.name == "data"
    ).type.tensor_type.elem_type = TensorProto.UINT8
    scale = _scalar(model, "bytes/scale", (high - low) / LEVELS)
    shift = _scalar(model, "bytes/shift", low)
    nodes = [
        helper.make_node("Cast", ["data"], ["bytes/float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["bytes/float", scale], ["bytes/scaled"]),
        helper.make_node("Add", ["bytes/scaled", shift], ["scaled"]),
    ]
    for node in reversed(nodes):
        model.graph.node.insert(0, node)


def _bytes_out(model: onnx.ModelProto, low: float, high: float) -> None:
    """Makes the output bytes: shift, scale, clip, round and cast."""
    output = model.graph.output[0]
    inner = f"{output.name}/float"
    for node in model.graph.node:
        node.output[:] = [inner if name == output.name else name for name in node.output]
        node.input[:] = [inner if name == output.name else name for name in node.input]
    shift = _scalar(model, "levels/shift", low)
    scale = _scalar(model, "levels/scale", LEVELS / (high - low))
    least, most = _scalar(model, "levels/least", 0.0), _scalar(model, "levels/most", LEVELS)
    model.graph.node.extend(
        [
            helper.make_node("Sub", [inner, shift], ["levels/shifted"]),
            helper.make_node("Mul", ["levels/shifted", scale], ["levels/scaled"]),
            helper.make_node("Clip", ["levels/scaled", least, most], ["levels/clipped"]),
            helper.make_node("Round", ["levels/clipped"], ["levels/rounded"]),
            helper.make_node("Cast", ["levels/rounded"], [output.name], to=TensorProto.UINT8),
        ]
    )
    output.type.tensor_type.elem_type = TensorProto.UINT8


def _draw_inside(model: onnx.ModelProto, session: Session) -> None:
    """Replaces the prior's inputs by random operators of `count` rows."""
    graph = model.graph
    nodes = []
    for name, noise in session.manifest.prior.items():
        entry = next(entry for entry in graph.input if entry.name == name)
        graph.input.remove(entry)
        sizes = helper.make_tensor(
            f"{name}/sizes", TensorProto.INT64, [len(noise.shape)], noise.shape
        )
        graph.initializer.append(sizes)
        random = "RandomNormalLike" if noise.distribution == "normal" else "RandomUniformLike"
        limits: dict[str, Any] = {}
        if noise.distribution == "uniform":
            limits = {"low": noise.low, "high": noise.high}
        nodes += [
            helper.make_node("Concat", ["count", sizes.name], [f"{name}/shape"], axis=0),
            helper.make_node("ConstantOfShape", [f"{name}/shape"], [f"{name}/like"]),
            helper.make_node(random, [f"{name}/like"], [name], dtype=TensorProto.FLOAT, **limits),
        ]
    graph.input.insert(0, helper.make_tensor_value_info("count", TensorProto.INT64, [1]))
    for node in reversed(nodes):
        graph.node.insert(0, node)


def _reference(session: Session, kind: str) -> dict[str, np.ndarray]:
    """The stored reference inputs of the pipeline's parts, by the names that it gives them."""
    arrays = read_reference(session.folder)
    first = "encoder" if kind == "reconstruct" else str(session.manifest.sampler)
    inputs = select(arrays, f"{first}/input/")
    if kind == "reconstruct" and "decoder/input/labels" in arrays:
        inputs.setdefault("labels", arrays["decoder/input/labels"])
    return inputs


def _in_sequence(session: Session, kind: str, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """What the bundle's parts make of the pipeline's inputs."""
    if kind == "generate":
        return session.run(str(session.manifest.sampler), inputs)["data"]
    return session.reconstruct(inputs["data"], labels=inputs.get("labels"))


def _to_bytes(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.rint(np.clip((values - low) * (LEVELS / (high - low)), 0, LEVELS)).astype(np.uint8)


def _to_floats(values: np.ndarray, low: float, high: float) -> np.ndarray:
    if values.dtype != np.uint8:
        return values
    return values * np.float32((high - low) / LEVELS) + np.float32(low)
