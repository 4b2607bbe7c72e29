"""The uses of a model that are timed, and their arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np

from benchmarks.workload import cardinality
from zoo import networks
from zoo.noise import Noise, draw_all
from zoo.uses import Use, run

Arrays = dict[str, np.ndarray]


def distinct(table: Mapping[str, Use], weighted: Collection[str]) -> list[str]:
    """The uses that are timed by default: those whose set of parts with weights is new.

    A VAE's `decode` runs the decoder as its `sample` does, and `score` adds to `reconstruct` only
    arithmetic: their times follow from those that are measured.

    Args:
        table: Use name → chain, in the order in which uses are preferred.
        weighted: The parts that have weights.
    """
    found: dict[frozenset[str], str] = {}
    for name, use in table.items():
        parts = frozenset(use.parts) & frozenset(weighted)
        if parts:
            found.setdefault(parts, name)
    return list(found.values())


def function(use: Use, parts: Mapping[str, keras.Model]) -> Callable[[Mapping[str, Any]], Any]:
    """A use as a function of tensors: input name → tensor to result name → tensor."""
    return partial(run, use, lambda name, values: networks.apply(parts[name], values))


def compute(use: Use, parts: Mapping[str, keras.Model], inputs: Mapping[str, Any]) -> Arrays:
    """The results of a use on arrays, computed without compilation."""
    tensors = {name: keras.ops.convert_to_tensor(array) for name, array in inputs.items()}
    results = function(use, parts)(tensors)
    return {name: keras.ops.convert_to_numpy(tensor) for name, tensor in results.items()}


def variables(use: Use, parts: Mapping[str, keras.Model]) -> list[Any]:
    """The Keras variables that a use reads, each once."""
    return list({id(v): v for name in use.parts for v in parts[name].variables}.values())


class Inputs:
    """Realistic inputs of a model's uses and training steps.

    Fields of the data are random in their range. An input that a use draws is drawn. Any other has
    the values that its port reads in another use, so that a decoder's `code` is made from data, and
    random ones where no other use reads the port.

    Args:
        model: The model.
        rows: How many rows.
        rng: The source of the numbers.
    """

    def __init__(self, model: Any, rows: int, rng: np.random.Generator) -> None:
        self.model = model
        self.rows = rows
        self.rng = rng
        self.table: Mapping[str, Use] = model.table()
        self.parts: Mapping[str, keras.Model] = model.parts()
        self.cardinality = cardinality.of_model(model)

    def of_use(self, name: str) -> Arrays:
        """The inputs of a use: name → array."""
        use = self.table[name]
        found = self.fields(use.inputs) | self._drawn(use.draws)
        for value in use.inputs:
            if value not in found:
                found[value] = self._from_another_use(name, value)
        return {value: found[value] for value in use.inputs}

    def of_training(self) -> list[tuple[int, Arrays]]:
        """The updates of the first training step: phase number, and data, noise and step."""
        model = self.model
        names = ["data", *model.reads, *([] if model.num_classes is None else ["labels"])]
        return [
            (
                number,
                self.fields(names) | self._drawn(model.noise) | {"step": np.zeros((), "float32")},
            )
            for number, phase in enumerate(model.phases)
            if phase.when is None or phase.when(0)
            for _ in range(phase.repeat)
        ]

    def fields(self, names: Collection[str]) -> Arrays:
        """Those of the names that are fields of the data, with random values."""
        shapes = {"data": self.model.shape, "labels": (), **self.model.reads}
        return {name: self._field(name, shapes[name]) for name in names if name in shapes}

    def _field(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        if name == "labels":
            return self._integers(self.model.num_classes, shape)
        readers = [reader for use in self.table.values() for reader in use.readers(name)]
        return self._random(*readers[0]) if readers else self._uniform(shape)

    def _random(self, part: str, port: str) -> np.ndarray:
        """Random values for a port: integers that it accepts, or numbers in the data's range."""
        tensor = self.parts[part].input[port]
        shape = tuple(tensor.shape[1:])
        if "int" in tensor.dtype:
            return self._integers(self.cardinality[part].get(port, 1), shape)
        return self._uniform(shape)

    def _integers(self, limit: int, shape: tuple[int, ...]) -> np.ndarray:
        return self.rng.integers(limit, size=(self.rows, *shape)).astype("int32")

    def _uniform(self, shape: tuple[int, ...]) -> np.ndarray:
        low, high = self.model.value_range or (-1.0, 1.0)
        unit = self.rng.random((self.rows, *shape), dtype=np.float32)
        return np.float32(low) + np.float32(high - low) * unit

    def _drawn(self, noises: Mapping[str, Noise]) -> Arrays:
        return draw_all(noises, self.rng, self.rows)

    def _from_another_use(self, name: str, value: str) -> np.ndarray:
        """The values of the same port in another use: made from data, else data, else drawn."""
        ports = set(self.table[name].readers(value))
        read = [
            (use, step.reads[port])
            for use in self.table.values()
            for step in use.steps
            for port in step.reads
            if (step.part, port) in ports
        ]
        for use, other in read:
            if "/" in other and (found := self._made(use, other)) is not None:
                return found
        for use, other in read:
            known = self.fields([other]) | self._drawn(use.draws)
            if other in known:
                return known[other]
        return self._random(*next(iter(self.table[name].readers(value))))

    def _made(self, use: Use, value: str) -> np.ndarray | None:
        """A value inside a chain; None where the chain's own inputs are not known."""
        inputs = self.fields(use.inputs) | self._drawn(use.draws)
        if set(use.inputs) - set(inputs):
            return None
        return compute(replace(use, gives={"value": value}), self.parts, inputs)["value"]
