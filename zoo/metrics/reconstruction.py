"""How close reconstructions are to their data: NumPy arrays `(count, …)` in both."""

from __future__ import annotations

import math

import numpy as np

from zoo.errors import DataError

WINDOW = 11
"""Width of the Gaussian window of the structural similarity, where the images are that large."""
WINDOW_STDDEV = 1.5
K1, K2 = 0.01, 0.03
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the scales of MS-SSIM, from the images' own on."""
CERTAIN = 1e-7
"""Probabilities are kept this far from 0 and 1, where a float32 sigmoid ends."""


def mean_squared_error(data: np.ndarray, made: np.ndarray) -> float:
    """The squared error, mean over samples and features."""
    return float(np.mean((_float64(data) - _float64(made)) ** 2))


def peak_signal_to_noise_ratio(
    data: np.ndarray, made: np.ndarray, value_range: float = 1.0
) -> float:
    """10·log10(range² / squared error) in decibels, mean over the samples.

    Args:
        data: `(count, …)`.
        made: `(count, …)`.
        value_range: Difference between the largest and the smallest possible value.
    """
    errors = _rows((_float64(data) - _float64(made)) ** 2).mean(axis=1)
    with np.errstate(divide="ignore"):  # A perfect reconstruction is at infinity.
        return float(np.mean(10 * np.log10(value_range**2 / errors)))


def structural_similarity(data: np.ndarray, made: np.ndarray, value_range: float = 1.0) -> float:
    """SSIM (Wang et al., 2004), mean over samples, channels and positions of the window.

    As there, the window is a Gaussian of 11×11 pixels with a standard deviation of 1.5, and only
    positions count where all of it lies in the image. On smaller images the window is the largest
    odd square that leaves it two positions or more.

    Args:
        data: Images `(count, height, width, channels)`.
        made: Images of the same shape.
        value_range: Difference between the largest and the smallest possible value.
    """
    x, y = _float64(data), _float64(made)
    side = min(x.shape[1:3])
    size = min(WINDOW, max(1, side - 1 if side % 2 == 0 else side - 2))
    luminance, structure = _similarity_maps(x, y, size, value_range)
    return float(np.mean(luminance * structure))


def multiscale_similarity(data: np.ndarray, made: np.ndarray, value_range: float = 1.0) -> float:
    """MS-SSIM (Wang, Simoncelli & Bovik, 2003), mean over samples and channels.

    Π structure_j^w_j over the scales, times the luminance of the last one to its weight: each
    scale is half of the one before, by means of 2×2 pixels. There are as many of the paper's five
    scales as leave the window its 11×11 pixels, from a side of 176 on all five; the weights of
    fewer are scaled to sum to 1. A negative structure counts as 0.

    Args:
        data: Images `(count, height, width, channels)`.
        made: Images of the same shape.
        value_range: Difference between the largest and the smallest possible value.

    Raises:
        DataError: The images are smaller than the window.
    """
    x, y = _float64(data), _float64(made)
    scales = number_of_scales(min(x.shape[1:3]))
    if not scales:
        raise DataError(
            f"Images have {WINDOW}×{WINDOW} pixels or more. Received: {x.shape[1]}×{x.shape[2]}"
        )
    weights = np.array(SCALE_WEIGHTS[:scales]) / sum(SCALE_WEIGHTS[:scales])
    product = np.ones((len(x), x.shape[-1]))
    for scale, weight in enumerate(weights):
        if scale:
            x, y = _halved(x), _halved(y)
        luminance, structure = _similarity_maps(x, y, WINDOW, value_range)
        found = luminance * structure if scale == scales - 1 else structure
        product *= np.maximum(found.mean(axis=(1, 2)), 0) ** weight
    return float(np.mean(product))


def number_of_scales(side: int) -> int:
    """How many scales `multiscale_similarity` has, by the images' smaller side."""
    return sum(side >> scale >= WINDOW for scale in range(len(SCALE_WEIGHTS)))


def _similarity_maps(
    x: np.ndarray, y: np.ndarray, size: int, value_range: float
) -> tuple[np.ndarray, np.ndarray]:
    """The luminance and the structure terms of SSIM at every position of a window."""
    window = _window(size)
    mean_x, mean_y = _filtered(x, window), _filtered(y, window)
    variance_x = _filtered(x * x, window) - mean_x**2
    variance_y = _filtered(y * y, window) - mean_y**2
    covariance = _filtered(x * y, window) - mean_x * mean_y
    c1, c2 = (K1 * value_range) ** 2, (K2 * value_range) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance, (2 * covariance + c2) / (variance_x + variance_y + c2)


def _halved(images: np.ndarray) -> np.ndarray:
    """Means of 2×2 pixels; the last row and column of odd sides are left out."""
    height, width = (side // 2 for side in images.shape[1:3])
    cut = images[:, : 2 * height, : 2 * width]
    return cut.reshape(len(images), height, 2, width, 2, -1).mean(axis=(2, 4))


def _window(size: int) -> np.ndarray:
    """The Gaussian weights of one axis, which sum to 1."""
    distance = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (distance / WINDOW_STDDEV) ** 2)
    return weights / weights.sum()


def _filtered(images: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Weighted means over the window at every position at which it fits."""
    for axis in (1, 2):
        positions = np.lib.stride_tricks.sliding_window_view(images, len(window), axis=axis)
        images = positions @ window
    return images


def cross_entropy(data: np.ndarray, made: np.ndarray) -> float:
    """−Σ x·log y + (1 − x)·log(1 − y) of each sample, in nats; its mean.

    Args:
        data: `(count, …)` in [0, 1].
        made: Probabilities `(count, …)`.
    """
    x, y = _float64(data), np.clip(_float64(made), CERTAIN, 1 - CERTAIN)
    return float(np.mean(_rows(-(x * np.log(y) + (1 - x) * np.log1p(-y))).sum(axis=1)))


def entropy_floor(data: np.ndarray) -> float:
    """The least that `cross_entropy` can be: the data's own entropy, 0 for pure black and white.

    Args:
        data: `(count, …)` in [0, 1].
    """
    from scipy.special import entr

    x = _float64(data)
    return float(np.mean(_rows(entr(x) + entr(1 - x)).sum(axis=1)))


def _float64(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype="float64")


def _rows(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), math.prod(values.shape[1:]))
