"""The folder that one model's subjects share: weights, inputs, graphs and uses.

Reading it needs NumPy alone, so that a worker imports nothing but what it measures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.uses import Use

SEED = 0
ROWS = 64
"""Rows of inputs that are kept; a larger batch repeats them."""


class Workdir:
    """Reads and writes the files of one model."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @property
    def model(self) -> Path:
        """The Keras model with its weights, for every backend."""
        return self.folder / "model.keras"

    def graph(self, part: str, route: str, precision: str = "float32") -> Path:
        """The ONNX file of a part that a route made."""
        kind = "" if precision == "float32" else f".{precision}"
        return self.folder / f"{part}.{route}{kind}.onnx"

    def write(
        self,
        *,
        uses: Mapping[str, Use],
        inputs: Mapping[str, Mapping[str, np.ndarray]],
        updates: Sequence[tuple[int, Mapping[str, np.ndarray]]],
        weights: Mapping[str, Mapping[str, np.ndarray]],
        settings: Mapping[str, Any],
    ) -> None:
        """Writes everything but the model and the graphs.

        Args:
            uses: Workload → its chain of parts.
            inputs: Workload → input name → array of `ROWS` rows.
            updates: The updates of one training step: phase number and batch.
            weights: Part → `layer/weight` → array in Keras's layout, for code that is not Keras.
            settings: The model's settings, resolved.
        """
        plan = {
            "uses": {name: use.to_config() for name, use in uses.items()},
            "updates": [number for number, _ in updates],
            "settings": dict(settings),
        }
        (self.folder / "plan.json").write_text(json.dumps(plan, default=str))
        for workload, arrays in inputs.items():
            self._save(f"inputs.{workload}", arrays)
        for index, (_, batch) in enumerate(updates):
            self._save(f"update.{index}", batch)
        for part, arrays in weights.items():
            self._save(f"weights.{part}", arrays)

    def plan(self) -> dict[str, Any]:
        """Uses, phase numbers and settings, in JSON terms."""
        return json.loads((self.folder / "plan.json").read_text())

    def use(self, workload: str) -> Use:
        """The chain of parts of a workload."""
        return Use.from_config(self.plan()["uses"][workload])

    def parts(self) -> list[str]:
        """The parts of all workloads, each once."""
        uses = [Use.from_config(config) for config in self.plan()["uses"].values()]
        return list(dict.fromkeys(name for use in uses for name in use.parts))

    def inputs(self, workload: str, batch: int) -> dict[str, np.ndarray]:
        """The inputs of a workload: name → `(batch, …)`."""
        return self._load(f"inputs.{workload}", batch)

    def updates(self, batch: int) -> list[tuple[int, dict[str, np.ndarray]]]:
        """The updates of one training step: phase number, and arrays `(batch, …)` or `()`."""
        numbers = self.plan()["updates"]
        return [(n, self._load(f"update.{index}", batch)) for index, n in enumerate(numbers)]

    def weights(self, part: str) -> dict[str, np.ndarray]:
        """A part's weights in Keras's order and layout: `layer/weight` → array."""
        with np.load(self.folder / f"weights.{part}.npz") as arrays:
            return {name: arrays[name] for name in arrays.files}

    def _save(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        np.savez(self.folder / f"{name}.npz", **dict[str, Any](arrays))

    def _load(self, name: str, batch: int) -> dict[str, np.ndarray]:
        with np.load(self.folder / f"{name}.npz") as arrays:
            return {key: resized(arrays[key], batch) for key in arrays.files}


def resized(array: np.ndarray, batch: int) -> np.ndarray:
    """The first rows of an array, or its rows repeated; a number stays as it is."""
    if not array.ndim:
        return array
    if batch <= len(array):
        return np.ascontiguousarray(array[:batch])
    return np.resize(array, (batch, *array.shape[1:]))
