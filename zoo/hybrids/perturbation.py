"""Codes perturbed at random; the same formulas for arrays of NumPy and tensors of a backend."""

from __future__ import annotations

import math
from typing import Any, Literal

from zoo.noise import Noise, normal, uniform

Perturbation = Literal["noise", "interpolation", "masking"]
FAR = 1e30
"""A squared distance beyond that of any neighbour."""


def noise_of(kind: str, shape: tuple[int, ...]) -> Noise:
    """The noise that a perturbation of codes of a shape draws."""
    size = math.prod(shape)
    return {"noise": normal(size), "interpolation": uniform(), "masking": uniform(size)}[kind]


def perturbed(
    codes: Any, drawn: Any, kind: str, strength: float, *, labels: Any = None, xp: Any
) -> Any:
    """A batch of codes, each perturbed: `(batch, …)`.

    - `noise`: code + strength·stddev·drawn, with the standard deviation of each entry over the
      batch;
    - `interpolation`: code + strength·drawn·(neighbour − code), towards the nearest other code of
      the batch; of the same class, where there are labels. A code without such a neighbour stays;
    - `masking`: an entry is the batch's mean where drawn < strength.

    Args:
        codes: `(batch, …)`, floats.
        drawn: `(batch, size)`, or `(batch,)` for an interpolation: what `noise_of` describes.
        kind: Of the three.
        strength: 0 leaves codes as they are; of interpolation and masking at most 1.
        labels: int `(batch,)`.
        xp: `numpy` or `keras.ops`, whichever the codes belong to.
    """
    flat = xp.reshape(codes, (xp.shape(codes)[0], -1))
    match kind:
        case "noise":
            flat = flat + strength * xp.std(flat, axis=0) * drawn
        case "interpolation":
            step = xp.take(flat, neighbours(flat, labels, xp), axis=0) - flat
            flat = flat + strength * xp.expand_dims(drawn, -1) * step
        case _:
            flat = xp.where(drawn < strength, xp.mean(flat, axis=0), flat)
    return xp.reshape(flat, xp.shape(codes))


def neighbours(codes: Any, labels: Any, xp: Any) -> Any:
    """The row of the nearest other code `(batch,)`, of the same class where there are labels."""
    squares = xp.sum(xp.square(codes), axis=-1)
    distances = squares[:, None] + squares - 2 * xp.matmul(codes, xp.transpose(codes))
    rows = xp.arange(xp.shape(codes)[0])
    itself = rows[:, None] == rows
    if labels is not None:
        distances = xp.where(labels[:, None] == labels, distances, 2 * FAR)
    return xp.argmin(xp.where(itself, FAR, distances), axis=-1)
