"""Fourier transforms of known length, as products with matrices of cosines and sines.

Complex numbers are pairs of tensors in `keras.ops`, and so they are here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from export.direct.registry import array, case, decomposition
from export.direct.sizes import Size

REAL, IMAGINARY = array(2, 3, 8), array(2, 3, 8)


def _matrices(rows: int, columns: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """`cos` and `sin` of `2π · row · column / length`, worked out in double precision."""
    angles = 2.0 * np.pi * (np.outer(np.arange(rows), np.arange(columns)) % length) / length
    return np.cos(angles).astype("float32"), np.sin(angles).astype("float32")


def _known(size: Any) -> int:
    if isinstance(size, Size) or size is None:
        raise NotImplementedError("the length of the axis that is transformed")
    return int(size)


def _transformed(real: Any, imaginary: Any, sign: float) -> tuple[Any, Any]:
    """`Σ (real + i · imaginary) exp(sign · i · angle)` along the last axis."""
    length = real.shape[-1]
    if isinstance(length, Size):
        places = ops.arange(length)
        turns = ops.expand_dims(places, 1) * ops.expand_dims(places, 0) % length
        angles = 2.0 * np.pi * ops.cast(turns, "float32") / length
        cosines, sines = ops.cos(angles), sign * ops.sin(angles)
    else:
        cosines, sines = _matrices(length, length, length)
        sines = np.float32(sign) * sines
    turned = ops.matmul(real, cosines) - ops.matmul(imaginary, sines)
    return turned, ops.matmul(real, sines) + ops.matmul(imaginary, cosines)


@decomposition("FFT", cases=lambda: [case("fft", (REAL, IMAGINARY))])
def fft(operation: Any, x: Any) -> Any:
    """The discrete Fourier transform of the last axis."""
    real, imaginary = x
    return _transformed(real, imaginary, -1.0)


@decomposition(
    "FFT2",
    "IFFT2",
    cases=lambda: [case(name, (REAL, IMAGINARY)) for name in ("fft2", "ifft2")],
)
def fft2(operation: Any, x: Any) -> Any:
    """The discrete Fourier transform of the last two axes, and its inverse."""
    sign = -1.0 if type(operation).__name__ == "FFT2" else 1.0
    real, imaginary = x
    real, imaginary = _transformed(real, imaginary, sign)
    real, imaginary = (ops.swapaxes(part, -1, -2) for part in (real, imaginary))
    real, imaginary = _transformed(real, imaginary, sign)
    real, imaginary = (ops.swapaxes(part, -1, -2) for part in (real, imaginary))
    if sign < 0:
        return real, imaginary
    count = real.shape[-1] * real.shape[-2]
    return real / count, imaginary / count


def _fitted(x: Any, length: int) -> Any:
    """The last axis cut or filled with zeros to a length."""
    size = _known(x.shape[-1])
    if size > length:
        return x[..., :length]
    return ops.pad(x, [*[(0, 0)] * (len(x.shape) - 1), (0, length - size)]) if size < length else x


@decomposition(
    "RFFT", cases=lambda: [case("rfft", REAL), case("rfft", REAL, 6), case("rfft", REAL, 11)]
)
def rfft(operation: Any, x: Any) -> Any:
    """The half of the Fourier transform of real numbers that is not implied by the other."""
    length = operation.fft_length or _known(x.shape[-1])
    cosines, sines = _matrices(length, length // 2 + 1, length)
    x = _fitted(x, length)
    return ops.matmul(x, cosines), ops.matmul(x, -sines)


@decomposition(
    "IRFFT",
    cases=lambda: [case("irfft", (REAL, IMAGINARY)), case("irfft", (REAL, IMAGINARY), 9)],
)
def irfft(operation: Any, x: Any) -> Any:
    """The inverse of `rfft`; the bins that have a twin count twice."""
    real, imaginary = x
    length = operation.fft_length or 2 * (_known(real.shape[-1]) - 1)
    bins = length // 2 + 1
    cosines, sines = _matrices(bins, length, length)
    weights = np.full((bins, 1), 2.0, "float32")
    weights[0] = 1.0
    if length % 2 == 0:
        weights[-1] = 1.0
    weights /= length
    turned = ops.matmul(_fitted(real, bins), cosines * weights)
    return turned - ops.matmul(_fitted(imaginary, bins), sines * weights)


def _window(name: Any, length: int) -> np.ndarray:
    """A periodic window by its name, or the array given."""
    if not isinstance(name, str):
        return np.ones(length) if name is None else np.asarray(name)
    angles = 2.0 * np.pi * np.arange(length) / length
    base = {"hann": 0.5, "hamming": 0.54}[name]
    return base - (1.0 - base) * np.cos(angles)


@decomposition(
    "STFT",
    cases=lambda: [
        case("stft", array(2, 24), 6, 3, 8),
        case("stft", array(2, 24), 8, 4, 8, window="hamming", center=False),
        case("stft", array(2, 24), 6, 2, 6, window=None),
    ],
)
def stft(operation: Any, x: Any) -> Any:
    """Windows of a signal, each transformed: one convolution for each half."""
    length, stride = operation.fft_length, operation.sequence_stride
    if operation.center:
        reach = length // 2
        x = ops.pad(x, [*[(0, 0)] * (len(x.shape) - 1), (reach, reach)], mode="reflect")
    window = np.zeros(length)
    before = (length - operation.sequence_length) // 2
    window[before : before + operation.sequence_length] = _window(
        operation.window, operation.sequence_length
    )
    cosines, sines = _matrices(length, length // 2 + 1, length)
    halves = []
    flat = ops.reshape(x, (-1, x.shape[-1], 1)) if len(x.shape) != 2 else ops.expand_dims(x, -1)
    for matrix in (cosines, -sines):
        kernel = (window[:, None] * matrix).astype("float32")[:, None, :]
        y = ops.conv(flat, kernel, stride, "valid", data_format="channels_last")
        if len(x.shape) != 2:
            y = ops.reshape(y, (*x.shape[:-1], *y.shape[1:]))
        halves.append(y)
    return tuple(halves)
