"""The budget of every model of a leaderboard: steps, batch, seed, and how sizes are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import zoo
from benchmarks.leaderboard import pairs
from zoo.registry import Row, describe
from zoo.settings import REQUIRED, is_trained_model

WIDTH_FACTOR, SIZE_FACTOR = 8, 4
"""How many times the sizes of the tests a model has: widths, and all other sizes."""
LEAST_RATE = 1e-3
"""Learning rates below it are raised to it: the networks are small, and the steps are few."""


@dataclass(frozen=True)
class Budget:
    """The conditions of a leaderboard.

    Attributes:
        steps: Training steps of every model.
        batch_size: Rows of an update.
        seed: Of weights, noise, order and samples.
    """

    steps: int = 2000
    batch_size: int = 64
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """In JSON terms, with the rules that sizes and rates follow."""
        rules = {"width_factor": WIDTH_FACTOR, "size_factor": SIZE_FACTOR, "least_rate": LEAST_RATE}
        return asdict(self) | rules


def reason_to_skip(name: str, data: Any) -> str | None:
    """Why a model has no place in a leaderboard of these data; None where it has one."""
    cls = describe(name).load()
    kind = {1: "vector", 2: "sequence", 3: "image"}[len(data.shape)]
    if kind not in cls.accepts:
        return f"reads {' or '.join(cls.accepts)} data"
    needed = [n for n, s in cls.fields.items() if s.required and is_trained_model(s)]
    if needed:
        return f"needs a trained model as {needed[0]!r}"
    absent = pairs.missing(zoo.create(name, **settings(name, data)).reads, data)
    return f"reads the field {absent[0]!r} beside the data" if absent else None


def settings(name: str, data: Any) -> dict[str, Any]:
    """The settings of a model: sizes scaled from those of the tests, then the row's own.

    Numbers of steps are no sizes: where the default is too long for a leaderboard, the row says so.

    Args:
        name: A row of the registry.
        data: The training data, which decide shape and classes.
    """
    row = describe(name)
    cls = row.load()
    scaled = sizes(row, width_factor=WIDTH_FACTOR, size_factor=SIZE_FACTOR)
    found = {key: size for key, size in scaled.items() if not key.endswith("_steps")}
    return {**found, **_rates(row), **row.settings, **row.small, **cls.facts(data)}


def sizes(row: Row, *, width_factor: int, size_factor: int) -> dict[str, Any]:
    """The sizes that tests make tiny, larger, and no larger than the defaults.

    Args:
        row: Of the registry.
        width_factor: How many times the tiny widths.
        size_factor: How many times all other tiny sizes.
    """

    def larger(name: str, tiny: Any, default: Any) -> Any:
        factor = width_factor if "width" in name else size_factor
        if type(tiny) is int:
            return min(default, factor * tiny) if type(default) is int else factor * tiny
        if isinstance(tiny, tuple) and all(type(size) is int for size in tiny):
            return tuple(factor * size for size in tiny)
        if isinstance(tiny, Mapping):
            return {key: larger(key, size, None) for key, size in tiny.items()}
        return default

    return {
        name: larger(name, field.tiny, field.default)
        for name, field in row.fields().items()
        if field.tiny is not REQUIRED and not field.required
    }


def _rates(row: Row) -> dict[str, float]:
    """The learning rates that are raised."""
    fields = row.fields()
    return {
        name: LEAST_RATE
        for name, field in fields.items()
        if name.endswith("learning_rate")
        and isinstance(field.default, float)
        and field.default < LEAST_RATE
    }
