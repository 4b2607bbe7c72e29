"""How far samples move as their latent does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zoo.metrics.arrays import flat
from zoo.metrics.fidelity import Estimate

STEP = 1e-3
"""Of a path's whole length, ε. The paper's 1e-4 leaves float32 features three digits."""
KEPT = (1.0, 99.0)
"""Percentiles between which the paths count, as in the authors' code."""


def perceptual_path_length(
    features_of: Callable[[np.ndarray], np.ndarray],
    first: np.ndarray,
    second: np.ndarray,
    *,
    spherical: bool,
    step: float = STEP,
    seed: int = 0,
) -> Estimate:
    """‖f(G(z(t + ε))) − f(G(z(t)))‖²/ε² at a random t of each path, mean over the paths.

    Karras et al., 2019, arXiv:1812.04948, section 4.1, with the squared distance of some features
    in the place of LPIPS. Paths between normal latents are spherical, others straight. The shortest
    hundredth of the paths and the longest one are left out.

    Args:
        features_of: Latents `(count, …)` → features of their samples `(count, …)`.
        first: Latents at which the paths begin.
        second: Latents at which they end.
        spherical: Whether the paths are arcs.
        step: ε.
        seed: Of t.
    """
    place = np.random.default_rng([seed]).uniform(0, 1 - step, len(first))
    between = _arc if spherical else _line
    ends = [flat(features_of(between(first, second, t))) for t in (place, place + step)]
    lengths = ((ends[1] - ends[0]) ** 2).sum(axis=1) / step**2
    low, high = np.percentile(lengths, KEPT)
    kept = lengths[(lengths >= low) & (lengths <= high)]
    return Estimate(float(kept.mean()), float(kept.std() / np.sqrt(len(kept))))


def _line(first: np.ndarray, second: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Points on the straight lines between rows."""
    share = place.reshape(-1, *[1] * (first.ndim - 1))
    return ((1 - share) * first + share * second).astype(first.dtype)


def _arc(first: np.ndarray, second: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Points on the arcs between rows: a constant angular speed, and each end's own length."""
    x, y = flat(first), flat(second)
    lengths = [np.linalg.norm(rows, axis=1, keepdims=True) for rows in (x, y)]
    cosine = np.sum(x / lengths[0] * (y / lengths[1]), axis=1, keepdims=True)
    angle = np.arccos(np.clip(cosine, -1, 1))
    share = place[:, None]
    weights = [np.sin((1 - share) * angle), np.sin(share * angle)]
    made = (weights[0] * x + weights[1] * y) / np.sin(angle)
    return made.reshape(first.shape).astype(first.dtype)
