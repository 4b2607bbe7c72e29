"""Uses of models: a use is a chain of parts, and one table of uses serves every runner.

A value has a name: an input its own (`data`, `labels`, `latent`), an output its step's and its own
(`encoder/mean`). In a merged ONNX graph the tensors have the same names. This module needs NumPy
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from zoo.errors import UseError
from zoo.noise import Noise, draw_all, truncate_all

Arrays = Mapping[str, Any]
TARGET_LABELS = "target_labels"
LABELS = ("labels", TARGET_LABELS)
"""Inputs that are classes: those of data, and those that data should become."""
Call = Callable[[str, dict[str, Any]], Arrays]
"""Calls a part: its name, and its inputs by port → its outputs by name."""


@dataclass(frozen=True)
class Step:
    """One part of a chain.

    Attributes:
        part: The part's name.
        reads: Its inputs → the values that they read, where the names differ.
        name: The step's own name, by default the part's; a part that comes twice has another.
    """

    part: str
    reads: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or self.part)


@dataclass(frozen=True)
class Use:
    """A chain of parts.

    Attributes:
        steps: The parts in order.
        gives: The results: their names → the values that they are.
        draws: The inputs that are drawn where they are not given.
    """

    steps: Sequence[Step]
    gives: Mapping[str, str]
    draws: Mapping[str, Noise] = field(default_factory=dict)

    @property
    def inputs(self) -> list[str]:
        """The values that a resolved chain reads and does not make itself, in reading order."""
        made: set[str] = set()
        read: dict[str, None] = {}
        for step in self.steps:
            read |= dict.fromkeys(v for v in step.reads.values() if v.partition("/")[0] not in made)
            made.add(step.name)
        return list(read)

    @property
    def parts(self) -> list[str]:
        """The names of the parts, each once."""
        return list(dict.fromkeys(step.part for step in self.steps))

    def resolved(self, ports: Mapping[str, Sequence[str]]) -> Use:
        """The same use with every read written out, so that it stands without its parts.

        Args:
            ports: The names of each part's inputs.
        """
        steps = tuple(
            replace(step, reads={port: step.reads.get(port, port) for port in ports[step.part]})
            for step in self.steps
        )
        use = Use(steps, dict(self.gives), {})
        return replace(use, draws={k: v for k, v in self.draws.items() if k in use.inputs})

    def standardized(self, fields: Sequence[str]) -> Use:
        """The same resolved use, which standardizes its fields and gives data in their units.

        Args:
            fields: The inputs that are data.
        """
        found = [name for name in self.inputs if name in fields]
        renamed = {name: f"standardize_{name}/standardized" for name in found}
        before = [Step("standardize", {"data": name}, f"standardize_{name}") for name in found]
        steps = [
            replace(step, reads={p: renamed.get(v, v) for p, v in step.reads.items()})
            for step in self.steps
        ]
        made = {name: value for name, value in self.gives.items() if value.endswith("/data")}
        after = [
            Step("destandardize", {"standardized": v}, f"in_units_{n}") for n, v in made.items()
        ]
        gives = {**self.gives, **{name: f"in_units_{name}/data" for name in made}}
        return Use((*before, *steps, *after), gives, self.draws)

    def readers(self, value: str) -> Iterator[tuple[str, str]]:
        """The parts and ports that read a value."""
        for step in self.steps:
            for port, read in step.reads.items():
                if read == value:
                    yield step.part, port

    def to_config(self) -> dict[str, Any]:
        """The use in JSON terms."""
        return {
            "steps": [asdict(step) for step in self.steps],
            "gives": dict(self.gives),
            "draws": {name: noise.to_config() for name, noise in self.draws.items()},
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Use:
        """The use that `to_config` described."""
        steps = tuple(Step(**step) for step in config["steps"])
        draws = {name: Noise.from_config(noise) for name, noise in config["draws"].items()}
        return cls(steps, dict(config["gives"]), draws)


def run(use: Use, call: Call, inputs: Arrays) -> dict[str, Any]:
    """Follows a resolved chain on whole arrays or tensors: result name → value."""
    values = dict(inputs)
    for step in use.steps:
        made = call(step.part, {port: values[value] for port, value in step.reads.items()})
        values |= {f"{step.name}/{name}": value for name, value in made.items()}
    return {name: values[value] for name, value in use.gives.items()}


def run_in_batches(
    use: Use, call: Call, inputs: Mapping[str, np.ndarray], batch_size: int
) -> dict[str, np.ndarray]:
    """Follows a resolved chain on arrays, `batch_size` rows at a time."""
    count = len(next(iter(inputs.values())))
    pieces = [
        run(use, call, {name: a[start : start + batch_size] for name, a in inputs.items()})
        for start in range(0, count, batch_size)
    ]
    if len(pieces) == 1:
        return pieces[0]
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def complete_inputs(
    name: str,
    use: Use,
    given: Arrays,
    *,
    count: int | None = None,
    seed: int = 0,
    truncation: float = 1.0,
) -> dict[str, Any]:
    """The inputs of a resolved use: the given ones, and draws for those that can be drawn.

    The draws depend on the seed alone, not on what else is given.

    Args:
        name: The use's name, for messages.
        use: The use.
        given: Arrays `(count, …)` by name.
        count: How many rows; by default as many as are given.
        seed: Seeds the draws.
        truncation: Factor on the distance of each draw from its mean: below 1, samples are less
            varied and more typical (Karras et al., 2019, arXiv:1812.04948). A model that reads it
            truncates its own styles instead.

    Raises:
        UseError: An input is missing, unknown, or has another number of rows.
    """
    wanted = use.inputs
    accepted = ", ".join(wanted) or "none"
    for key in given:
        if key not in wanted:
            raise UseError(f"The use {name!r} has no input {key!r}. Accepted: {accepted}.")
    missing = [key for key in wanted if key not in given and key not in use.draws]
    if missing:
        raise UseError(
            f"The use {name!r} needs {missing[0]!r}. Received: {', '.join(given) or 'none'}."
        )
    counts = {key: len(values) for key, values in given.items()}
    if count is None:
        if not counts:
            raise UseError(f"The use {name!r} needs count, the number of rows to draw.")
        count = next(iter(counts.values()))
    if any(rows != count for rows in counts.values()):
        raise UseError(f"Inputs of {name!r} have {count} rows each. Received: {counts}")
    real = isinstance(truncation, int | float | np.number) and not isinstance(truncation, bool)
    if not real or not 0 <= truncation < float("inf"):
        raise UseError(f"truncation must be a finite number from 0. Received: {truncation!r}.")
    drawn = draw_all(use.draws, np.random.default_rng([seed]), count)
    if truncation != 1:
        drawn = truncate_all(use.draws, drawn, truncation)
    return {key: given[key] if key in given else drawn[key] for key in wanted}
