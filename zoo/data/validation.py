"""Checks of samples: finite numbers, one shape, channels last."""

from collections.abc import Iterator, Sequence

import numpy as np

from zoo.errors import DataError

CHUNK_BYTES = 2**24
"""Large arrays are read in pieces of about this size, so memory-mapped ones stay on the disk."""

KINDS = {"vectors": 2, "sequences": 3, "images": 4}
"""Kind of samples to the rank of their array."""

AXES = {2: "(count, features)", 3: "(count, time, channels)", 4: "(count, height, width, channels)"}


def as_samples(
    values: object,
    *,
    name: str = "x",
    kind: str | None = None,
    shape: Sequence[int] | None = None,
) -> np.ndarray:
    """Returns `values` as an array `(count, *shape)` of numbers; a memory map stays one.

    An array of rank 3 holds images without their channel axis, which is added, unless its last
    axis is 1, `kind` is "sequences", or `shape`, the expected shape of a sample, has rank 2.

    Raises:
        DataError: The values are no such array, or empty, or of another shape.
    """
    samples = _as_numbers(values, name)
    if samples.ndim not in (2, 3, 4):
        raise DataError(
            "Samples are an array (count, features), (count, time, channels), (count, height, "
            f"width) or (count, height, width, channels). Received: {name} of shape "
            f"{samples.shape}."
        )
    if samples.size == 0:
        raise DataError(f"Data hold at least one value. Received: {name} of shape {samples.shape}.")
    if shape is not None:
        return _as_expected(samples, tuple(shape), name)
    if kind is not None and kind not in KINDS:
        raise DataError(
            f"Unknown kind of samples. Received: {kind!r}. Accepted: {', '.join(KINDS)}."
        )
    if kind is None and samples.ndim == 3:
        kind = "sequences" if samples.shape[-1] == 1 else "images"
    if kind == "images" and samples.ndim == 3:
        samples = samples[..., None]
    rank = KINDS[kind] if kind else samples.ndim
    if samples.ndim != rank:
        raise DataError(
            f"The samples cannot be {kind}. Received: {name} of shape {samples.shape}. "
            f"Accepted: {AXES[rank]}.",
            options=("kind",),
        )
    if samples.ndim == 4 and samples.shape[1] in (1, 3) and samples.shape[3] > 4:
        raise DataError(
            f"Channels come last. Received: {name} of shape {samples.shape}. "
            "Accepted: (count, height, width, channels), as x.transpose(0, 2, 3, 1) gives."
        )
    return samples


def find_extent(samples: np.ndarray, *, name: str = "x") -> tuple[float, float]:
    """Returns the smallest and the largest value; reads everything once, in bounded pieces.

    Bytes are not read to their end: their extent is 0..255, or 0..1 where none is above 1.

    Raises:
        DataError: A value is NaN, infinite or too large for float32; the first one is named.
    """
    if samples.dtype == bool:
        return 0.0, 1.0
    if samples.dtype == np.uint8:
        return (0.0, 255.0) if any(piece.max() > 1 for _, piece in chunks(samples)) else (0.0, 1.0)
    low, high = np.inf, -np.inf
    limit = float(np.finfo(np.float32).max)
    for start, piece in chunks(samples):
        smallest, largest = float(piece.min()), float(piece.max())
        if not (-limit <= smallest and largest <= limit):  # Also true for NaN.
            with np.errstate(invalid="ignore"):
                wrong = np.argwhere(~(np.abs(piece) <= limit))[0]
            value = piece[tuple(wrong)]
            index = (start + int(wrong[0]), *map(int, wrong[1:]))
            raise DataError(
                f"Samples are finite float32 numbers. Received: {value} in {name} at index {index}."
            )
        low, high = min(low, smallest), max(high, largest)
    return low, high


def infer_source_range(
    samples: np.ndarray, extent: tuple[float, float]
) -> tuple[float, float] | None:
    """Returns the range that the values were meant to fill, judging by dtype and extent.

    Integers fill their extent. Floats fill 0..1 or -1..1 if they lie within, else their extent;
    float vectors that leave 0..1 have no range at all: they are measurements, not intensities.
    """
    low, high = extent
    if samples.dtype.kind == "f":
        if 0 <= low and high <= 1:
            return 0.0, 1.0
        if samples.ndim == 2:
            return None
        if -1 <= low and high <= 1:
            return -1.0, 1.0
    return low, high


def chunks(samples: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yields `(first row, rows)` in pieces of about `CHUNK_BYTES`."""
    rows = max(1, CHUNK_BYTES // max(1, samples[:1].nbytes))
    for start in range(0, len(samples), rows):
        yield start, np.asarray(samples[start : start + rows])


def _as_numbers(values: object, name: str) -> np.ndarray:
    try:
        samples = values if isinstance(values, np.ndarray) else np.asarray(values)
    except (ValueError, TypeError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataError(
            f"Samples have one shape. Received: {name}, {type(values).__name__} that makes no "
            f"array ({reason})."
        ) from error
    if samples.dtype.kind not in "buif":
        raise DataError(
            f"Samples are real numbers of one shape. Received: {name} of dtype {samples.dtype}. "
            "Accepted: bool, integers, floats."
        )
    return samples


def _as_expected(samples: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    if samples.shape[1:] == shape:
        return samples
    if (*samples.shape[1:], 1) == shape:
        return samples[..., None]
    raise DataError(
        f"Samples do not have the expected shape. Received: {name} of shape {samples.shape}. "
        f"Accepted: (count, {str(shape)[1:].replace(',)', ')')}."
    )
