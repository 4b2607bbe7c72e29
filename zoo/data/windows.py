"""Signals cut into windows that overlap, and put together again."""

from __future__ import annotations

import numpy as np

from zoo.errors import DataError


def windows(signal: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Returns the windows of a signal, `(count, size, …)`, each `hop` samples after the last.

    Zeros follow the signal, so that the last window is as long as the others.

    Args:
        signal: `(time, …)`, at least one sample.
        size: Samples of a window.
        hop: Samples from one window to the next, at most its size.

    Raises:
        DataError: The signal is empty, or windows leave samples out.
    """
    _check_hop(size, hop)
    if not len(signal):
        raise DataError("A signal has at least one sample. Received: none.")
    count = 1 + max(-(-(len(signal) - size) // hop), 0)
    missing = (count - 1) * hop + size - len(signal)
    padded = np.pad(signal, [(0, missing), *[(0, 0)] * (signal.ndim - 1)])
    return padded[hop * np.arange(count)[:, None] + np.arange(size)]


def overlap_add(parts: np.ndarray, hop: int, length: int | None = None) -> np.ndarray:
    """Returns the signal of windows: at each sample their mean, weighted by a sine squared.

    At half a window's hop the weights of two windows add up to 1; at any hop, and at the ends,
    where a sample is in one window alone, they are divided by their sum. The windows that
    `windows` cuts make the signal that they were cut from.

    Args:
        parts: `(count, size, …)`.
        hop: Samples from one window to the next, at most their size.
        length: Of the signal; what is beyond it is cut off.

    Raises:
        DataError: Windows leave samples out.
    """
    count, size = parts.shape[:2]
    _check_hop(size, hop)
    weight = sine_squared(size)
    shaped = weight.reshape(-1, *[1] * (parts.ndim - 2))
    total = np.zeros(((count - 1) * hop + size, *parts.shape[2:]))
    weights = np.zeros((len(total), *shaped.shape[1:]))
    for index, part in enumerate(parts):
        place = slice(index * hop, index * hop + size)
        total[place] += shaped * part
        weights[place] += shaped
    return (total / weights)[:length].astype(parts.dtype, copy=False)


def sine_squared(size: int) -> np.ndarray:
    """The weights of a window's samples: Hann's window, at the middle of each sample."""
    return np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2


def _check_hop(size: int, hop: int) -> None:
    if not 1 <= hop <= size:
        raise DataError(
            f"The hop of windows is from 1 to their size. Received: hop={hop} of size={size}."
        )
