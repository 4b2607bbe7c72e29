"""Every registered model at a size that trains in a blink, and data that it reads."""

from typing import Any

import numpy as np

from zoo.registry import describe

SHAPE = (8, 8, 1)
VECTOR = (5,)
"""The shape of a model that reads vectors alone; the tiny settings of tables and text fit it."""
COUNT = 128


def settings(name: str) -> dict[str, Any]:
    """The settings of a row with the fields' tiny values."""
    row = describe(name)
    return {**row.settings, **row.load().tiny()}


def create(name: str, **changes: Any) -> Any:
    """A tiny untrained model."""
    import zoo

    return zoo.create(name, **(settings(name) | changes))


def accepts(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a row's class takes data of the kind of a shape."""
    from zoo.model.generative import KINDS

    return KINDS[len(shape)] in describe(name).load().accepts


def fitting(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape, or that of vectors where a row's class takes nothing of the shape's kind."""
    return shape if accepts(name, shape) else VECTOR


def rows(model: Any, count: int = COUNT, seed: int = 0) -> dict[str, np.ndarray]:
    """Every field that a model reads, in its value range: `data`, `labels`, and those it names."""
    rng = np.random.default_rng([seed, count])
    found = {"data": _data(rng, model, count)}
    for name, shape in model.reads.items():
        found[name] = _smooth(rng, (count, *shape), model.value_range)
    if model.num_classes is not None:
        found["labels"] = (np.arange(count) % model.num_classes).astype("int32")
    return found


def data(model: Any, count: int = COUNT, seed: int = 0) -> Any:
    """What a model's `fit` and `evaluate` take: arrays, a pair with labels, or named fields."""
    found = rows(model, count, seed)
    if set(found) == {"data"}:
        return found["data"]
    if set(found) == {"data", "labels"}:
        return found["data"], found["labels"]
    return found


def inputs(model: Any, use: str, count: int = 4, seed: int = 0) -> dict[str, np.ndarray]:
    """What a use reads and does not draw: fields of the data, and random codes."""
    rng = np.random.default_rng([seed, count, 1])
    resolved, known, found = model.table()[use], rows(model, count, seed), {}
    for name in resolved.inputs:
        if name in resolved.draws:
            continue
        if name not in known:
            part, port = next(resolved.readers(name))
            known[name] = _random(rng, count, model.parts()[part].input[port])
        found[name] = known[name]
    return found


def part_inputs(part: Any, count: int = 4, seed: int = 0) -> dict[str, np.ndarray]:
    """Random values for every input of a part."""
    rng = np.random.default_rng([seed, count, 2])
    return {port: _random(rng, count, tensor) for port, tensor in part.input.items()}


def _random(rng: np.random.Generator, count: int, tensor: Any) -> np.ndarray:
    """Values for an input of a part; integers are small enough for any codebook or category."""
    shape = (count, *tensor.shape[1:])
    if tensor.dtype.startswith("int"):
        return rng.integers(0, 3, shape).astype(tensor.dtype)
    return rng.normal(size=shape).astype("float32")


def _data(rng: np.random.Generator, model: Any, count: int) -> np.ndarray:
    """Numbers; tokens below the size of a vocabulary; one-hot columns where a table has them."""
    vocabulary = getattr(model, "vocabulary_size", None)
    if vocabulary is not None:
        shares = _smooth(rng, (count, *model.shape), (0.0, 1.0))
        return np.minimum(shares * vocabulary, vocabulary - 1).astype("int32")
    values = _smooth(rng, (count, *model.shape), model.value_range)
    start = values.shape[-1] - sum(getattr(model, "category_sizes", ()))
    for size in getattr(model, "category_sizes", ()):
        chosen = values[:, start : start + size].argmax(axis=1)
        values[:, start : start + size] = np.eye(size)[chosen]
        start += size
    return values


def _smooth(rng: np.random.Generator, size: tuple[int, ...], value_range: Any) -> np.ndarray:
    """Rows that differ along three directions and by a little noise, so that there is a code."""
    directions = rng.normal(size=(3, int(np.prod(size[1:]))))
    values = rng.normal(size=(size[0], 3)) @ directions + 0.1 * rng.normal(
        size=(size[0], directions.shape[1])
    )
    if value_range is not None:
        low, high = value_range
        values = low + (high - low) / (1 + np.exp(-values))
    return values.reshape(size).astype("float32")
