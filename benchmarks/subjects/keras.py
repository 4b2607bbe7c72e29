"""Keras on a backend: `predict`, the backend's compiled calls, and training steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.native import compiled
from benchmarks.plan import PEAK, TRAIN
from benchmarks.workload.chain import Values, follow, keras_chain, variables
from benchmarks.workload.workdir import Store

Outputs = dict[str, np.ndarray]


class Keras:
    """Runs models in Keras; also prepares what all subjects share.

    Args:
        mode: `predict`, or a mode of the backend's table in `benchmarks.native`.
    """

    def __init__(self, mode: str) -> None:
        from zoo import backends

        self.mode = mode
        self._last: tuple[str, dict[str, Any]] = ("", {})
        self.backend = backends.current()
        self.backend.pin_float32()

    def describe(self) -> dict[str, Any]:
        """The backend's and Keras's versions, and the device."""
        import keras

        names = ("keras", keras.config.backend())
        found = {name: _version(name) for name in names}
        return {"versions": found, "device": self.backend.device()}

    def open(self, task: dict[str, Any]) -> Callable[[], Outputs]:
        """Loads the model and compiles the workload."""
        store = Store(task["folder"])
        if task["workload"] == TRAIN:
            return _training_step(store, task["batch"])
        parts = self._parts(store, task["model"])
        chain = store.chain(task["workload"])
        inputs = store.inputs(task["workload"], task["batch"])
        if self.mode == "predict":
            return partial(follow(chain, _predict(parts, task["batch"])), inputs)
        call = compiled(keras_chain(parts, chain), variables(parts, chain), self.mode)
        return partial(call, inputs)

    def workloads(self, *, models: list[str]) -> dict[str, list[str]]:
        """Model → what it can be used for, without making it."""
        from benchmarks.workload.setup import offered
        from zoo.registry import describe

        return {name: offered(describe(name).load()) for name in models}

    def prepare(self, *, folder: str, model: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Fills the folder that the subjects of one model share."""
        from benchmarks.workload.setup import prepare

        return prepare(Store(folder), model, settings)

    def export(
        self, *, folder: str, model: str, route: str, precision: str = "float32"
    ) -> list[dict[str, Any]]:
        """Exports every part: one row a part, with its certificate or its error."""
        from benchmarks.workload.exports import export_lowered, export_part

        store = Store(folder)
        loaded = None if model == PEAK else _load(store)
        if precision != "float32":
            return [] if loaded is None else export_lowered(store, loaded, precision)
        parts = self._parts(store, model)
        return [export_part(store, name, part, route, loaded) for name, part in parts.items()]

    def reference(self, *, task: dict[str, Any], outputs: str) -> None:
        """Saves what the task should compute, worked out without compiling it."""
        import keras

        store = Store(task["folder"])
        if task["workload"] == TRAIN:
            found = _training_step(store, task["batch"])()
        else:
            parts = self._parts(store, task["model"])
            chain = keras_chain(parts, store.chain(task["workload"]))
            tensors = chain(store.inputs(task["workload"], task["batch"]))
            found = {name: keras.ops.convert_to_numpy(tensor) for name, tensor in tensors.items()}
        np.savez(outputs, **dict[str, Any](found))

    def _parts(self, store: Store, model: str) -> dict[str, Any]:
        """The parts of a model; those of the last one are kept, since loading takes seconds."""
        folder = str(store.folder)
        if self._last[0] != folder:
            if model == PEAK:
                from benchmarks.workload import roofline

                self._last = folder, roofline.parts()
            else:
                self._last = folder, _load(store).parts()
        return self._last[1]


def _load(store: Store) -> Any:
    import zoo

    return zoo.load(store.model)


def _predict(parts: dict[str, Any], batch: int) -> Callable[..., Values]:
    """Calls a part as users do, with `predict`."""
    from zoo.inference import input_names, run

    def call(name: str, feeds: Any, values: Values) -> Values:
        given = {n: values[feeds.get(n, n)] for n in input_names(parts[name])}
        return run(parts[name], given, batch)

    return call


def _training_step(store: Store, batch: int) -> Callable[[], Outputs]:
    """One training step from arrays to losses, phase by phase as `fit` runs it."""
    import keras

    from zoo import backends
    from zoo.training.step import Stepper

    place = backends.current().place
    stepper = Stepper(_load(store))
    updates = store.updates(batch)

    def step() -> Outputs:
        pending = []
        for number, arrays in updates:
            placed = {name: place(array) for name, array in arrays.items()}
            pending.append(stepper.run((number,), [placed])[0]["loss"])
        # Reading the losses waits for the device.
        losses = [np.asarray(keras.ops.convert_to_numpy(loss)) for loss in pending]
        return {f"loss_{index}": loss for index, loss in enumerate(losses)}

    return step


def _version(package: str) -> str:
    from importlib.metadata import packages_distributions

    return version(packages_distributions()[package][0])
