"""Keras on a backend: `predict`, the backend's compiled calls, and training steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.native import compiled
from benchmarks.tasks import PEAK, TRAIN
from benchmarks.workload.workdir import Workdir
from zoo.uses import run

Outputs = dict[str, np.ndarray]

COMPILING = 3
"""Calls until every backend has compiled a step: PyTorch records at the second one."""


class Keras:
    """Runs models in Keras; also prepares the files that all subjects share.

    Args:
        mode: `predict`, or a mode of the backend's table in `benchmarks.native`.
        precision: Of the training steps that are timed, as in the models' setting; reference
            outputs and exports are in float32.
    """

    def __init__(self, mode: str, *, precision: str = "float32") -> None:
        from zoo import backends

        self.mode = mode
        self.precision = precision
        self._last: tuple[str, dict[str, Any]] = ("", {})
        self.backend = backends.current()
        self.backend.pin_float32()
        if mode in ("recorded", "compile"):
            from benchmarks.native.torch import record_at_once

            record_at_once()

    def describe(self) -> dict[str, Any]:
        """The backend's and Keras's versions, and the device."""
        import keras

        names = ("keras", keras.config.backend())
        found = {name: _version(name) for name in names}
        return {"versions": found, "device": self.backend.device()}

    def open(self, task: dict[str, Any]) -> Callable[[], Outputs]:
        """Loads the model and compiles the workload."""
        from benchmarks.workload.uses import function, variables

        workdir = Workdir(task["folder"])
        if task["workload"] == TRAIN:
            return _training_step(workdir, task, self.precision)
        parts = self._parts(workdir, task["model"])
        use = workdir.use(task["workload"])
        inputs = workdir.inputs(task["workload"], task["batch"])
        if self.mode == "predict":
            return partial(run, use, _predict(parts, task["batch"]), inputs)
        return partial(compiled(function(use, parts), variables(use, parts), self.mode), inputs)

    def profile_training(self, *, task: dict[str, Any], calls: int) -> dict[str, Any]:
        """The time of a training step by operator; see `benchmarks.profilers.profile_step`."""
        import keras

        from benchmarks.profilers import profile_step

        step = self.open(task)
        for _ in range(COMPILING):
            step()
        return profile_step(keras.config.backend(), step, calls)

    def offer(self, *, model: str, settings: dict[str, Any]) -> dict[str, list[str]]:
        """The workloads of a model, and those of them that are timed by default."""
        from benchmarks.workload.setup import offer

        return offer(model, settings)

    def prepare(
        self, *, folder: str, model: str, settings: dict[str, Any], workloads: list[str]
    ) -> dict[str, Any]:
        """Fills the folder that the subjects of one model share; returns the model's row."""
        from benchmarks.workload.setup import prepare

        return prepare(Workdir(folder), model, settings, workloads).to_json()

    def export(
        self, *, folder: str, model: str, route: str, precision: str = "float32"
    ) -> list[dict[str, Any]]:
        """Exports the timed parts: one row a part, with its certificate or its error."""
        from benchmarks.workload.exports import export_lowered, export_parts

        workdir = Workdir(folder)
        loaded = None if model == PEAK else load(workdir, model)
        if precision == "float32":
            parts = {name: self._parts(workdir, model)[name] for name in workdir.parts()}
            rows = export_parts(workdir, model, parts, route, loaded)
        else:
            rows = [] if loaded is None else export_lowered(workdir, model, loaded, precision)
        return [row.to_json() for row in rows]

    def reference(self, *, task: dict[str, Any], outputs: str) -> None:
        """Saves a task's right outputs, computed without compilation."""
        from benchmarks.workload.uses import compute

        workdir = Workdir(task["folder"])
        if task["workload"] == TRAIN:
            found = _training_step(workdir, task)()
        else:
            use = workdir.use(task["workload"])
            inputs = workdir.inputs(task["workload"], task["batch"])
            found = compute(use, self._parts(workdir, task["model"]), inputs)
        np.savez(outputs, **dict[str, Any](found))

    def _parts(self, workdir: Workdir, model: str) -> dict[str, Any]:
        """The parts of a model; those of the last one are kept, since loading takes seconds."""
        folder = str(workdir.folder)
        if self._last[0] != folder:
            if model == PEAK:
                from benchmarks.workload import roofline

                self._last = folder, roofline.parts()
            else:
                self._last = folder, load(workdir, model).parts()
        return self._last[1]


def load(workdir: Workdir, model: str) -> Any:
    """The model that the subjects of a folder share."""
    import zoo
    from zoo.registry import describe

    describe(model).load()  # a class that is not the zoo's own
    return zoo.load(workdir.model)


def _predict(parts: dict[str, Any], batch: int) -> Callable[..., Outputs]:
    """Calls a part as users do, with `predict`."""
    return lambda name, values: parts[name].predict(values, batch_size=batch, verbose=0)


def in_precision(model: Any, precision: str) -> Any:
    """A model with the same settings and weights that computes in another precision."""
    if precision == model.precision:
        return model
    other = type(model)(**{**model.settings, "precision": precision})
    for own, given in zip(other.variables, model.variables, strict=True):
        own.assign(given)
    return other


def _training_step(
    workdir: Workdir, task: dict[str, Any], precision: str = "float32"
) -> Callable[[], Outputs]:
    """One training step from arrays to losses, phase by phase as `fit` runs it."""
    import keras

    from zoo import backends
    from zoo.training.step import Stepper

    place = backends.current().place
    stepper = Stepper(in_precision(load(workdir, task["model"]), precision))
    updates = workdir.updates(task["batch"])

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
