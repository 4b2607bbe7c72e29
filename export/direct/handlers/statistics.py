"""Quantiles, and reductions that leave NaN out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops

from export.direct.registry import array, case, decomposition
from export.direct.sizes import Size

X = array(2, 3, 4)


@decomposition(
    "Quantile",
    "Percentile",
    cases=lambda: [
        case("quantile", X, 0.3, axis=1),
        case("quantile", X, np.array([0.25, 1.0], "float32"), axis=-1, keepdims=True),
        case("quantile", array(2, 3), 0.5, batched=False),
        case("percentile", X, 30.0, axis=1),
    ],
)
def quantile(operation: Any, x: Any, q: Any) -> Any:
    """Linear interpolation between the sorted values around `q · (size - 1)`."""
    axes = operation.axis
    axes = list(range(len(x.shape))) if axes is None else axes
    axes = [a % len(x.shape) for a in ([axes] if isinstance(axes, int) else axes)]
    kept = [a for a in range(len(x.shape)) if a not in axes]
    moved = ops.transpose(ops.cast(x, "float32"), (*kept, *axes))
    rest = math.prod(moved.shape[len(kept) :])
    flat = ops.reshape(moved, (*moved.shape[: len(kept)], rest))
    ordered = ops.sort(flat, axis=-1)
    points = np.asarray(ops.convert_to_numpy(q), np.float64)
    points = points / 100.0 if type(operation).__name__ == "Percentile" else points
    results = [_between(ordered, float(p)) for p in points.ravel()]
    shape = [1 if a in axes else x.shape[a] for a in range(len(x.shape))]
    if operation.keepdims:
        results = [ops.reshape(y, shape) for y in results]
    return ops.stack(results, axis=0) if points.ndim else results[0]


def _between(ordered: Any, point: float) -> Any:
    size = ordered.shape[-1]
    if isinstance(size, Size):
        raise NotImplementedError("the number of values that a quantile is of")
    place = point * (size - 1)
    low, high = math.floor(place), math.ceil(place)
    weight = float(np.float32(place) - np.float32(low))
    below = ops.take(ordered, low, axis=-1)
    if low == high:
        return below
    return below * (1.0 - weight) + ops.take(ordered, high, axis=-1) * weight


@decomposition(
    "Nanquantile",
    "Nanpercentile",
    cases=lambda: [case("nanquantile", X, 0.3, axis=1), case("nanpercentile", X, 30.0, axis=1)],
)
def quantile_without_nan(operation: Any, x: Any, q: Any) -> Any:
    """Linear interpolation between the sorted values that are numbers, NaN where none is."""
    axis = operation.axis
    if isinstance(axis, (list, tuple)) and len(axis) == 1:
        (axis,) = axis
    if not isinstance(axis, int) or np.ndim(q):
        raise NotImplementedError("one axis and one quantile")
    share = float(q) / (100.0 if type(operation).__name__ == "Nanpercentile" else 1.0)
    absent = ops.isnan(x)
    present = ops.cast(ops.logical_not(absent), "int32")
    count = ops.sum(present, axis=axis, keepdims=True)
    ordered = ops.sort(ops.where(absent, math.inf, x), axis=axis)
    place = share * ops.cast(ops.maximum(count - 1, 0), "float32")
    low = ops.floor(place)
    ends = [ops.cast(n, "int32") for n in (low, ops.minimum(low + 1.0, ops.ceil(place)))]
    below, above = (ops.take_along_axis(ordered, end, axis=axis) for end in ends)
    weight = place - low
    found = ops.where(ops.equal(weight, 0.0), below, below * (1.0 - weight) + above * weight)
    found = ops.where(ops.equal(count, 0), math.nan, found)
    return found if operation.keepdims else ops.squeeze(found, axis)


NEUTRAL = {"Nanmax": -math.inf, "Nanmin": math.inf, "Nanprod": 1.0}


@decomposition(
    *NEUTRAL,
    cases=lambda: [case(name, X, axis=1) for name in ("nanmax", "nanmin", "nanprod")],
)
def neutral_for_nan(operation: Any, x: Any) -> Any:
    """A reduction in which NaN is replaced by what changes nothing; NaN where all are."""
    name = type(operation).__name__
    settings = {"axis": operation.axis, "keepdims": operation.keepdims}
    reduce = {"Nanmax": ops.max, "Nanmin": ops.min, "Nanprod": ops.prod}[name]
    if "float" not in x.dtype:
        return reduce(x, **settings)
    absent = ops.isnan(x)
    result = reduce(ops.where(absent, NEUTRAL[name], x), **settings)
    if name == "Nanprod":
        return result
    return ops.where(ops.all(absent, **settings), math.nan, result)


@decomposition(
    "Nancumsum",
    "Nancumprod",
    cases=lambda: [case(name, X, axis=1) for name in ("nancumsum", "nancumprod")],
)
def cumulative_without_nan(operation: Any, x: Any) -> Any:
    """A running sum or product in which NaN changes nothing."""
    adds = type(operation).__name__ == "Nancumsum"
    if "float" in x.dtype:
        x = ops.where(ops.isnan(x), 0.0 if adds else 1.0, x)
    return (ops.cumsum if adds else ops.cumprod)(x, axis=operation.axis, dtype=operation.dtype)


@decomposition(
    "Nanvar", "Nanstd", cases=lambda: [case(name, X, axis=1) for name in ("nanvar", "nanstd")]
)
def variance_without_nan(operation: Any, x: Any) -> Any:
    """Mean square distance from the mean of the elements that are numbers, and its root."""
    x = ops.cast(x, "float32")
    absent = ops.isnan(x)
    count = ops.sum(
        ops.cast(ops.logical_not(absent), "float32"), axis=operation.axis, keepdims=True
    )
    mean = ops.sum(ops.where(absent, 0.0, x), axis=operation.axis, keepdims=True) / count
    distance = ops.where(absent, 0.0, x - mean)
    total = ops.sum(distance * distance, axis=operation.axis, keepdims=True) / count
    if not operation.keepdims:
        total = ops.squeeze(total, operation.axis)
    return ops.sqrt(total) if type(operation).__name__ == "Nanstd" else total


@decomposition(
    "Nanargmax",
    "Nanargmin",
    cases=lambda: [case(name, X, axis=1) for name in ("nanargmax", "nanargmin")],
)
def position_without_nan(operation: Any, x: Any) -> Any:
    """The first index of the extreme of the elements that are numbers, -1 where none is."""
    largest = type(operation).__name__ == "Nanargmax"
    settings = {"axis": operation.axis, "keepdims": operation.keepdims}
    find = ops.argmax if largest else ops.argmin
    if "float" not in x.dtype:
        return find(x, **settings)
    absent = ops.isnan(x)
    found = find(ops.where(absent, -math.inf if largest else math.inf, x), **settings)
    return ops.where(ops.all(absent, **settings), ops.cast(-1, found.dtype), found)


@decomposition("Corrcoef", cases=lambda: [case("corrcoef", array(3, 5), batched=False)])
def correlation(operation: Any, x: Any) -> Any:
    """Pearson's correlation of all pairs of rows."""
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    covariance = ops.matmul(centred, ops.transpose(centred))
    spread = ops.sqrt(ops.sum(centred * centred, axis=-1))
    result = covariance / ops.expand_dims(spread, 1) / ops.expand_dims(spread, 0)
    return ops.clip(result, -1.0, 1.0)


@decomposition(
    "Correlate",
    cases=lambda: [
        case("correlate", array(7), array(3), mode=mode, batched=False)
        for mode in ("valid", "same", "full")
    ],
)
def correlate(operation: Any, x: Any, y: Any) -> Any:
    """Sums of products of two sequences at every shift."""
    long, short = x.shape[0], y.shape[0]
    if isinstance(long, Size) or isinstance(short, Size) or long < short:
        raise NotImplementedError("a first sequence that is known to be as long as the second")
    reach = {"valid": (0, 0), "full": (short - 1, short - 1)}.get(
        operation.mode, (short // 2, short - 1 - short // 2)
    )
    padded = ops.pad(ops.cast(x, "float32"), [reach])
    count = long + sum(reach) - short + 1
    windows = ops.take(padded, np.add.outer(np.arange(count), np.arange(short)).astype("int32"))
    return ops.sum(windows * ops.cast(y, "float32"), axis=-1)


@decomposition(
    "AllClose", cases=lambda: [case("allclose", X, array(2, 3, 4), rtol=9.0, batched=False)]
)
def all_close(operation: Any, x: Any, y: Any) -> Any:
    """Whether all elements are close."""
    close = ops.isclose(x, y, rtol=operation.rtol, atol=operation.atol)
    if operation.equal_nan:
        close = ops.logical_or(close, ops.logical_and(ops.isnan(x), ops.isnan(y)))
    return ops.all(close)
