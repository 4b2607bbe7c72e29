"""The uses of a model that are timed, and their arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from benchmarks.errors import BenchmarkError
from zoo import networks
from zoo.noise import draw_all
from zoo.uses import Call, Use, run

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


def calls(parts: Mapping[str, keras.Model]) -> Call:
    """Calls parts on tensors, in inference mode."""
    return lambda name, values: networks.apply(parts[name], values)


def function(use: Use, parts: Mapping[str, keras.Model]) -> Callable[[Mapping[str, Any]], Any]:
    """A use as a function of tensors: input name → tensor to result name → tensor."""
    call = calls(parts)
    return lambda inputs: run(use, call, inputs)


def variables(use: Use, parts: Mapping[str, keras.Model]) -> list[Any]:
    """The Keras variables that a use reads, each once."""
    return list({id(v): v for name in use.parts for v in parts[name].variables}.values())


class Inputs:
    """Realistic inputs of a model's uses and training steps.

    Fields of the data are random in their range. An input that a use draws is drawn. Any other has
    the values that its port reads in another use: a decoder's `code` is made from data.

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

    def of_use(self, name: str) -> Arrays:
        """The inputs of a use: name → array.

        Raises:
            BenchmarkError: No other use shows what an input is.
        """
        use = self.table[name]
        found = self.fields(use.inputs) | self._draws(use)
        for value in use.inputs:
            if value not in found:
                found[value] = self._from_another_use(name, value)
        return {value: found[value] for value in use.inputs}

    def of_training(self) -> list[tuple[int, Arrays]]:
        """The updates of the first training step: phase number, and data, noise and step."""
        model = self.model
        names = ["data", *model.reads, *([] if model.num_classes is None else ["labels"])]
        return [
            (number, self.fields(names) | self._noise(phase) | {"step": np.zeros((), "float32")})
            for number, phase in enumerate(model.phases)
            if phase.when is None or phase.when(0)
            for _ in range(phase.repeat)
        ]

    def fields(self, names: Collection[str]) -> Arrays:
        """Those of the names that are fields of the data, with random values."""
        shapes = {"data": self.model.shape, "labels": (), **self.model.reads}
        return {name: self._field(name, shapes[name]) for name in names if name in shapes}

    def _field(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        limit = self.model.num_classes if name == "labels" else self._cardinality(name)
        size = (self.rows, *shape)
        if limit is not None:
            return self.rng.integers(limit, size=size).astype("int32")
        low, high = self.model.value_range or (-1.0, 1.0)
        unit = self.rng.random(size, dtype=np.float32)
        return np.float32(low) + np.float32(high - low) * unit

    def _cardinality(self, name: str) -> int | None:
        """How many values an integer field has; None for numbers."""
        from export.certification.inputs import embedded_cardinality

        for use in self.table.values():
            for part, port in use.readers(name):
                if "int" in self.parts[part].input[port].dtype:
                    return embedded_cardinality(self.parts[part]).get(port, 1)
        return None

    def _draws(self, use: Use) -> Arrays:
        return draw_all(use.draws, self.rng, self.rows)

    def _noise(self, phase: Any) -> Arrays:
        noise = {**self.model.noise, **(getattr(phase, "noise", None) or {})}
        return draw_all(noise, self.rng, self.rows)

    def _from_another_use(self, name: str, value: str) -> np.ndarray:
        """The values that a port reads in another use: made from data, else data, else drawn."""
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
            known = self.fields([other]) | self._draws(use)
            if other in known:
                return known[other]
        raise BenchmarkError(
            f"An input is data, is drawn, or is made in another use. Received: {value!r} of "
            f"{name!r}. Accepted: a use in which {', '.join(f'{p}.{q}' for p, q in ports)} reads "
            "a value that is."
        )

    def _made(self, use: Use, value: str) -> np.ndarray | None:
        """A value inside a chain; None where the chain's own inputs are not known."""
        inputs = self.fields(use.inputs) | self._draws(use)
        if set(use.inputs) - set(inputs):
            return None
        results = run(replace(use, gives={"value": value}), calls(self.parts), inputs)
        return keras.ops.convert_to_numpy(results["value"])
