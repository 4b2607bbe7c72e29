"""Data turned into what a translator, or an upscaler, makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.applications.subjects import fields_of, follow, runner_of


def translate(subject: Any, data: Any, *, back: bool = False, seed: int = 0) -> np.ndarray:
    """What a model's use `translate` makes of data, in the model's value range.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        data: `Data`, fields by name, or samples in the model's value range.
        back: Whether it is `translate_back`, of the other domain: the field `other`, or data
            without it.
        seed: Of what the use draws.

    Raises:
        UseError: The model has no such use.
    """
    name = "translate_back" if back else "translate"
    runner = runner_of(subject, name.replace("_", " "), name)
    fields = fields_of(runner, data)
    if back:
        fields = {"other": fields["data"], **fields}
    return next(iter(follow(runner, name, fields, seed=seed).values()))


def upscale(subject: Any, small: np.ndarray) -> np.ndarray:
    """What a model's use `upscale` makes of small data, in the model's value range.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        small: `(count, …)`, in the model's value range.

    Raises:
        UseError: The model has no such use, or enlarges other sizes.
    """
    runner = runner_of(subject, "upscale", "upscale")
    return next(iter(follow(runner, "upscale", {"low": small}).values()))


def enlarged(small: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Small data with every value repeated, cropped to a shape `(count, …, channels)`."""
    found = small
    for axis in range(1, small.ndim - 1):
        found = np.repeat(found, -(-shape[axis] // small.shape[axis]), axis=axis)
    return found[tuple(slice(size) for size in shape)]
