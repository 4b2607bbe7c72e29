"""Makes a model, and everything that its subjects share, once; runs where Keras is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

import zoo
from benchmarks.plan import PEAK, TRAIN, settings_of
from benchmarks.workload import roofline
from benchmarks.workload.chain import Link, keras_chain
from benchmarks.workload.workdir import ROWS, SEED, Store
from zoo.inference import input_names
from zoo.noise import draw_all

Arrays = dict[str, np.ndarray]


def prepare(store: Store, model_name: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Fills a model's store; which workloads and parts there are, and how many weights."""
    store.folder.mkdir(parents=True, exist_ok=True)
    if model_name == PEAK:
        return _prepare_peaks(store)
    settings = settings_of(model_name, overrides)
    model = zoo.create(model_name, **settings)
    parts = model.parts()
    rng = np.random.default_rng([SEED])
    stir(parts, rng)
    chains = workloads(model)
    inputs = {name: _inputs(model, name, chain, rng) for name, chain in chains.items()}
    updates = _updates(model, rng)
    store.write(
        chains=chains,
        inputs=inputs,
        updates=updates,
        weights={name: _weights(part) for name, part in parts.items()},
        settings=model.settings,
    )
    model.save(store.model)
    return {
        "workloads": [*([TRAIN] if updates else []), *chains],
        "parts": list(parts),
        "shape": list(model.shape),
        "weights": {name: part.count_params() for name, part in parts.items()},
        "file": store.model.stat().st_size,
    }


def offered(model: Any) -> list[str]:
    """The workloads of a model, or of a class of models.

    Where a model decodes its own codes, `generate` would time the decoder a second time.
    """
    if model.code is not None:
        return [TRAIN, "encode", "decode", "reconstruct"]
    return [TRAIN] if model.sampler is None else [TRAIN, "generate"]


def workloads(model: Any) -> dict[str, list[Link]]:
    """What a model can be used for but training, each as a chain of its parts; see `offered`."""
    chains = {}
    if model.code is not None:
        read = next(n for n in input_names(model.parts()["decoder"]) if n != "labels")
        chains["encode"] = [Link("encoder")]
        chains["decode"] = [Link("decoder", {read: model.code})]
        chains["reconstruct"] = [Link("encoder"), Link("decoder", {read: model.code})]
    if model.sampler is not None:
        chains["generate"] = [Link(model.sampler)]
    return {name: chains[name] for name in offered(model) if name != TRAIN}


def stir(parts: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Gives biases, scales and moving averages values of their own, as training would.

    Fresh ones are 0 and 1: a graph that forgot them would still agree.
    """
    stirred = set()
    for part in parts.values():
        for weight in part.weights:
            if len(weight.shape) != 1 or id(weight) in stirred:
                continue
            stirred.add(id(weight))
            if weight.name in ("gamma", "moving_variance"):
                value = rng.uniform(0.5, 1.5, weight.shape)
            else:
                value = 0.1 * rng.standard_normal(weight.shape)
            weight.assign(value.astype("float32"))


def _weights(part: Any) -> Arrays:
    return {
        f"{layer.name}/{weight.name}": keras.ops.convert_to_numpy(weight.value)
        for layer in part._flatten_layers(include_self=False)
        for weight in layer._trainable_variables + layer._non_trainable_variables
    }


def _data(model: Any, rng: np.random.Generator) -> Arrays:
    low, high = model.value_range or (-1.0, 1.0)
    unit = rng.random((ROWS, *model.shape), dtype=np.float32)
    batch = {"data": np.float32(low) + np.float32(high - low) * unit}
    if model.num_classes is not None:
        batch["labels"] = rng.integers(model.num_classes, size=ROWS).astype("int32")
    return batch


def _inputs(model: Any, workload: str, chain: list[Link], rng: np.random.Generator) -> Arrays:
    """What the workload reads: data, codes that the encoder made, or draws from the prior."""
    batch = _data(model, rng)
    parts = model.parts()
    if workload == "decode":
        encoded = keras_chain(parts, [Link("encoder")])(batch)[model.code]
        batch[model.code] = keras.ops.convert_to_numpy(encoded)
    if workload == "generate":
        batch |= draw_all(model.prior, rng, ROWS)
    first = chain[0]
    read = [first.feeds.get(name, name) for name in input_names(parts[first.part])]
    later = {name for link in chain[1:] for name in input_names(parts[link.part])}
    return {name: batch[name] for name in batch if name in read or name in later & {"labels"}}


def _updates(model: Any, rng: np.random.Generator) -> list[tuple[int, Arrays]]:
    """One training step's updates, in order: phase number, and data and noise."""
    return [
        (number, _data(model, rng) | draw_all(model.noise, rng, ROWS))
        for number, phase in enumerate(model.phases)
        for _ in range(phase.repeat)
    ]


def _prepare_peaks(store: Store) -> dict[str, Any]:
    parts = roofline.parts()
    rng = np.random.default_rng([SEED])
    inputs = {
        name: {t.name: rng.random((ROWS, *t.shape[1:]), dtype=np.float32) for t in part.inputs}
        for name, part in parts.items()
    }
    chains = {name: [Link(name)] for name in parts}
    store.write(chains=chains, inputs=inputs, updates=[], weights={}, settings={})
    return {"workloads": list(parts), "parts": list(parts), "shape": [], "weights": {}, "file": 0}
