"""Clean data from noisy data, and what may have been where data are missing."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from zoo.applications.subjects import Arrays, fields_of, follow, is_whole, runner_of
from zoo.data.validation import find_extent
from zoo.errors import UseError
from zoo.metrics.judged import Runner

Hole = Literal["centre", "right", "bottom", "scattered"]
SCATTERED = 0.5
"""The share of the places that a scattered hole takes."""


def denoise(subject: Any, data: Any, *, seed: int = 0) -> np.ndarray:
    """Noisy data restored by a model: by its use `denoise`, or else its reconstruction.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        data: `Data`, fields by name, or samples in the model's value range.
        seed: Of what the use draws.

    Raises:
        UseError: The model has neither use.
    """
    runner = runner_of(subject, "denoise")
    name = "denoise" if "denoise" in runner.table else "reconstruct"
    runner_of(runner, "denoise", name)
    return _only(follow(runner, name, _clipped(runner, fields_of(runner, data)), seed=seed))


def hole(kind: Hole, shape: tuple[int, ...], count: int, seed: int = 0) -> np.ndarray:
    """Masks `(count, …, 1)`, float32, 1 where data are missing.

    Args:
        kind: `centre`, a block of half the sides; `right` or `bottom`, half of the image; or
            `scattered`, half of the places at random.
        shape: Of one image or sequence, channels last.
        count: How many.
        seed: Of a scattered hole.

    Raises:
        UseError: The kind is unknown, or data are vectors.
    """
    if kind not in get_args(Hole) or len(shape) < 2:
        raise UseError(
            f"A hole is one of {', '.join(get_args(Hole))}, in images and sequences. "
            f"Received: {kind!r} for {shape}."
        )
    space = shape[:-1]
    masks = np.zeros((count, *space), "float32")
    match kind:
        case "centre":
            masks[(slice(None), *(slice(n // 4, n // 4 + -(-n // 2)) for n in space))] = 1
        case "right":
            masks[..., space[-1] // 2 :] = 1
        case "bottom":
            masks[:, space[0] // 2 :] = 1
        case "scattered":
            masks[np.random.default_rng([seed]).random(masks.shape) < SCATTERED] = 1
    return masks[..., None]


def inpaint(
    subject: Any, data: Any, mask: np.ndarray, *, steps: int = 30, seed: int = 0
) -> np.ndarray:
    """Data with their holes filled; what is known stays.

    A model with the use `inpaint` fills them itself. Any other that reconstructs is asked `steps`
    times: each time the holes take over the reconstruction, from the mean of what is known on
    (Rezende et al., 2014, arXiv:1401.4082, appendix F, without its noise).

    Args:
        subject: A model, or a session of `export.runtime.load`.
        data: `Data`, fields by name, or samples in the model's value range.
        mask: `(count, …, 1)`, 1 where data are missing, whatever they hold there, and 0 elsewhere.
        steps: How often a model without `inpaint` reconstructs, at least once.
        seed: Of what the use draws.

    Raises:
        UseError: The model has neither use, the mask does not fit, or there are no steps.
        DataError: What is known is not finite.
    """
    if not is_whole(steps) or steps < 1:
        raise UseError(f"Holes are filled in a whole number of steps, from 1. Received: {steps!r}.")
    runner = runner_of(subject, "inpaint")
    fields = fields_of(runner, data)
    if "data" not in fields:
        raise UseError(f"Holes are in the field 'data'. Received: {', '.join(fields) or 'none'}.")
    mask, whole = _mask(mask, fields["data"]), fields["data"]
    whole = np.where(mask, whole.dtype.type(0), whole)
    if whole.size:
        find_extent(whole, name="data")
    fields = fields | {"data": whole}
    known = 1 - mask
    if "inpaint" in runner.table:
        made = _only(follow(runner, "inpaint", fields | {"mask": mask}, seed=seed))
        return known * whole + mask * made
    runner_of(runner, "inpaint", "reconstruct")
    axes = tuple(range(1, whole.ndim))
    counts = np.maximum(known.sum(axis=axes, keepdims=True) * whole.shape[-1], 1)
    filled = known * whole + mask * ((known * whole).sum(axis=axes, keepdims=True) / counts)
    filled = filled.astype(whole.dtype)
    for _ in range(steps):
        made = _only(follow(runner, "reconstruct", fields | {"data": filled}, seed=seed))
        filled = known * whole + mask * made
    return filled


def _mask(mask: Any, whole: np.ndarray) -> np.ndarray:
    """A mask as float32.

    Raises:
        UseError: It has another shape than the data ask for, or other values than 0 and 1.
    """
    found, shape = np.asarray(mask), (*whole.shape[:-1], 1)
    if found.shape != shape:
        raise UseError(f"A mask has the shape {shape}. Received: {found.shape}.")
    wrong = found[(found != 0) & (found != 1)]
    if wrong.size:
        raise UseError(
            "A mask is 1 where data are missing, and 0 where they are known. "
            f"Received: {wrong[0]!r}. Accepted: 0 and 1."
        )
    return found.astype("float32")


def _clipped(runner: Runner, fields: Arrays) -> Arrays:
    """Noisy data within the model's range, as images are stored."""
    if runner.about.value_range is None:
        return fields
    return fields | {"data": np.clip(fields["data"], *runner.about.value_range)}


def _only(results: Arrays) -> np.ndarray:
    return next(iter(results.values()))
