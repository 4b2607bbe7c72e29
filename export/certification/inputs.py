"""The inputs on which a graph and its native model are compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from export.errors import ExportError
from export.signature import Signature, TensorSpec, side_of

BATCHES = (1, 3, 32, 32)  # 68 inputs a family, so three random families are 204
ZERO_BATCHES = (1, 3)
FEWEST = sum(BATCHES)  # also where the model has one fixed batch
LARGE = 1e3
HUGE, VAST, TINY = 1e6, 1e30, 1e-30
ANY_SIZE = 16  # drawn for a dimension other than the batch that may have any size
# Where activations and roundings have kinks and steps; drawn so often that there are ties.
KINKS = (-3.0, -2.5, -1.5, -1.0, -0.5, -0.2, -0.0, 0.0, 0.2, 0.5, 1.0, 1.5, 2.5, 3.0, 6.0)
EXTENTS = ("full", "quick")
MOST = 2**40
"""Of the integers of 64 bits that are drawn."""
# Sizes to try for the unknown ones, by their number: different and odd ones first.
SIZES: tuple[Callable[[int], int], ...] = (
    lambda k: 16 + 3 * k,
    lambda k: 21 + 4 * k,
    lambda k: 16,
    lambda k: 32 + 32 * k,
    lambda k: 32,
    lambda k: 8 + k,
    lambda k: 8,
    lambda k: 5,
    lambda k: 64,
    lambda k: 224,
)


EDGES = ("kinks", "huge", "vast", "tiny", "ends", "non-finite")
Sizes = Mapping[tuple[str, int], int]


def unknown_sizes(signature: Signature) -> list[tuple[str, int]]:
    """The axes beside the batch that may have any size, by input and number."""
    return [
        (tensor.name, axis)
        for tensor in signature.inputs
        for axis, size in enumerate(tensor.shape)
        if axis and size is None
    ]


def size_plans(signature: Signature) -> Iterator[Sizes]:
    """Sizes to try for the axes that may have any size."""
    axes = unknown_sizes(signature)
    sides = list(dict.fromkeys(map(side_of, axes)))
    for number, size in enumerate(SIZES):
        yield {axis: size(place) for place, axis in enumerate(axes)}
        if number < 2 and 1 < len(sides) < len(axes):
            yield {axis: size(sides.index(side_of(axis))) for axis in axes}


@dataclass(frozen=True)
class Probe:
    """One batch of inputs, and the family that it was drawn from."""

    family: str
    inputs: dict[str, np.ndarray]

    @property
    def count(self) -> int:
        return len(next(iter(self.inputs.values())))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: array.shape for name, array in self.inputs.items()}


def check_request(
    signature: Signature,
    *,
    seed: int,
    cardinality: Mapping[str, int],
    real: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Raises unless `probes` can draw with these arguments."""
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ExportError(
            f"A seed must be a whole number. Received: {seed!r}. Accepted: 0, 1, 2, …"
        )
    integers = [tensor.name for tensor in signature.inputs if tensor.is_integer]
    for name, count in cardinality.items():
        if name not in integers or not isinstance(count, (int, np.integer)) or count < 1:
            raise ExportError(
                f"A cardinality must be how many values an integer input takes. "
                f"Received: {count!r} for {name!r}. Accepted: "
                + (f"1 or more for {', '.join(integers)}." if integers else "none: no input is.")
            )
    if real is not None and not isinstance(real, Mapping):
        raise ExportError(
            f"Real inputs must be arrays by name. Received: a {type(real).__name__}. "
            f"Accepted: a dictionary with {', '.join(t.name for t in signature.inputs)}."
        )
    known = {tensor.name: tensor for tensor in signature.inputs}
    for name, values in (real or {}).items():
        if name not in known:
            raise ExportError(
                f"Real inputs must be named like the model's inputs. Received: {name!r}. "
                f"Accepted: {list(known)}."
            )
        _check_real(known[name], np.asarray(values))


def _check_real(tensor: TensorSpec, array: np.ndarray) -> None:
    shape = tuple("any" if size is None else size for size in ("count", *tensor.shape[1:]))
    fits = (
        array.ndim == len(tensor.shape)
        and len(array) > 0
        and all(
            size in (None, length)
            for size, length in zip(tensor.shape[1:], array.shape[1:], strict=True)
        )
    )
    if not fits or not np.can_cast(array.dtype, tensor.dtype, "same_kind"):
        raise ExportError(
            f"Real inputs must have the shape and kind of the model's. Received: {array.dtype} "
            f"{array.shape} for {tensor.name!r}. Accepted: {tensor.dtype} {shape}."
        )
    with np.errstate(over="ignore"):  # what overflows is rejected
        given = array.astype(tensor.dtype)
    if tensor.is_float and not np.isfinite(given).all():
        raise ExportError(
            f"Real inputs must be finite. Received: NaN or infinity in {tensor.name!r}. "
            f"Accepted: finite {tensor.dtype} values."
        )


def probes(
    signature: Signature,
    *,
    seed: int,
    cardinality: Mapping[str, int],
    real: Mapping[str, np.ndarray] | None = None,
    extent: str = "quick",
    counts: Sequence[int] = BATCHES,
    sizes: Sequence[Sizes] = ({},),
    numbers: Collection[str] = (),
    sparing: bool = False,
) -> Iterator[Probe]:
    """Yields the batches of every family: standard normal, uniform, large, zeros and real.

    In full also numbers at kinks, of which many are equal, huge, vast, tiny and non-finite ones,
    and both ends of the integers. A model whose batch is fixed gets batches of that size alone.
    A model of integer inputs alone has the same distribution in the three random families: each
    integer input is drawn evenly from `range(cardinality[name])` whatever the family.

    Args:
        signature: Inputs to draw for.
        seed: Seed of the draws; the same seed yields the same batches.
        cardinality: How many values each integer input takes.
        real: Arrays of real inputs by name, `(count, ...)`; inputs that it lacks are drawn.
        extent: `full`, or `quick` for the first five families alone.
        counts: The batches of a random family.
        sizes: The numbers in place of unknown sizes, by input and axis; batches take turns.
        numbers: The integer inputs whose ends are those of their type.
        sparing: Whether normal inputs alone come in all the batches, others in the first; and real
            ones in three of it.

    Raises:
        ExportError: An argument does not fit the signature, or an integer input has no cardinality.
    """
    check_request(signature, seed=seed, cardinality=cardinality, real=real)
    rng = np.random.default_rng([seed])
    fixed = [tensor.shape[0] for tensor in signature.inputs if tensor.shape[0] is not None]
    is_fixed = len(fixed) == len(signature.inputs)
    if is_fixed:
        counts = (fixed[0],) * math.ceil(sum(counts) / fixed[0])
    first = counts[:1]
    for family in ("normal", "uniform", "large"):
        for turn, count in enumerate(first if sparing and family != "normal" else counts):
            given = sizes[turn % len(sizes)]
            yield Probe(family, _draw(signature, rng, family, count, cardinality, given))
    zero_batches = first if is_fixed or sparing else ZERO_BATCHES
    for turn, count in enumerate(zero_batches):
        given = sizes[turn % len(sizes)]
        yield Probe("zeros", _draw(signature, rng, "zeros", count, cardinality, given))
    if real:
        yield from _real(signature, rng, real, tuple(first) * 3 if sparing else counts, cardinality)
    if extent == "full":
        count = zero_batches[-1]
        given = sizes[(len(zero_batches) - 1) % len(sizes)]  # a shape that there was already
        for family in EDGES:
            drawn = _draw(signature, rng, family, count, cardinality, given)
            if family == "ends":
                drawn |= _ends_of_types(signature, rng, drawn, numbers)
            yield Probe(family, drawn)


def _real(
    signature: Signature,
    rng: np.random.Generator,
    real: Mapping[str, np.ndarray],
    counts: Sequence[int],
    cardinality: Mapping[str, int],
) -> Iterator[Probe]:
    given = {tensor.name: tensor for tensor in signature.inputs if tensor.name in real}
    total = min(len(values) for values in real.values())
    start = 0
    for count in counts:
        if start + count > total:
            continue
        drawn = _draw(signature, rng, "normal", count, cardinality)
        for name, tensor in given.items():
            drawn[name] = np.asarray(real[name][start : start + count], dtype=tensor.dtype)
        start += count
        yield Probe("real", drawn)


def _draw(
    signature: Signature,
    rng: np.random.Generator,
    family: str,
    count: int,
    cardinality: Mapping[str, int],
    sizes: Sizes | None = None,
) -> dict[str, np.ndarray]:
    return {
        tensor.name: _draw_one(tensor, rng, family, count, cardinality, sizes or {})
        for tensor in signature.inputs
    }


def _ends_of_types(
    signature: Signature,
    rng: np.random.Generator,
    drawn: Mapping[str, np.ndarray],
    names: Collection[str],
) -> dict[str, np.ndarray]:
    """The largest numbers of the types of some inputs, of both signs, and small ones.

    Without the least of a signed type, whose quotient by -1 is none of its numbers; and of 64 bits
    to `MOST`, as sums of larger ones have no 64 bits, on JAX to 32 bits, which is what it has.
    """
    import keras

    limit = np.iinfo("int32").max if keras.config.backend() == "jax" else MOST
    found = {}
    for tensor in signature.inputs:
        if tensor.name in names:
            most = min(np.iinfo(tensor.dtype).max, limit)
            ends = np.array([0, 1, most], tensor.dtype)
            if np.iinfo(tensor.dtype).min < 0:
                ends = np.array([-most, -1, 0, 1, most], tensor.dtype)
            found[tensor.name] = rng.choice(ends, drawn[tensor.name].shape)
    return found


def _draw_one(
    tensor: TensorSpec,
    rng: np.random.Generator,
    family: str,
    count: int,
    cardinality: Mapping[str, int],
    sizes: Sizes,
) -> np.ndarray:
    batch, *rest = tensor.shape
    lengths = (
        sizes.get((tensor.name, axis), ANY_SIZE) if length is None else length
        for axis, length in enumerate(rest, 1)
    )
    size = (batch or count, *lengths)
    if family == "zeros":
        return np.zeros(size, dtype=tensor.dtype)
    if tensor.dtype == "bool":
        return rng.random(size) < 0.5
    if tensor.is_integer:
        if tensor.name not in cardinality:
            raise ExportError(
                f"An integer input must say how many values it takes. Received: "
                f"{tensor.name!r} without one. Pass cardinality={{{tensor.name!r}: N}}."
            )
        if family == "ends":
            ends = np.array([0, cardinality[tensor.name] - 1])
            return ends[rng.integers(2, size=size)].astype(tensor.dtype)
        return rng.integers(cardinality[tensor.name], size=size).astype(tensor.dtype)
    if family in ("kinks", "ends"):
        return rng.choice(np.array(KINKS), size).astype(tensor.dtype)
    if family == "non-finite":
        drawn = rng.standard_normal(size)
        odd = rng.choice(np.array([np.nan, np.inf, -np.inf]), size)
        return np.where(rng.random(size) < 0.1, odd, drawn).astype(tensor.dtype)
    if family == "uniform":
        return rng.uniform(-1.0, 1.0, size).astype(tensor.dtype)
    scale = {"large": LARGE, "huge": HUGE, "vast": VAST, "tiny": TINY}.get(family, 1.0)
    return (scale * rng.standard_normal(size)).astype(tensor.dtype)
