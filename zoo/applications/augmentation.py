"""Augmented data, written once: decodings of perturbed codes by any model, or a bundle."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.applications.subjects import Arrays, fields_of, follow, is_whole, runner_of
from zoo.errors import UseError
from zoo.hybrids.perturbation import Perturbation, noise_of, perturbed

BATCH_SIZE = 64
"""Codes that are perturbed together: their deviations, means and neighbours are those of a batch,
as in the training of `augmented_gan`."""


def augment(
    subject: Any,
    data: Any,
    count: int,
    *,
    perturbation: Perturbation = "interpolation",
    strength: float = 0.5,
    seed: int = 0,
) -> Arrays:
    """New rows of data: each the decoding of the perturbed code of a row that is there.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        data: `Data`, fields by name, or samples in the model's value range. The new rows take over
            `labels` where there are some; neighbours are then of the same class.
        count: How many new rows. The rows that they come from are drawn in turns: each comes once
            before one comes twice.
        perturbation: Of the codes.
        strength: Of the perturbation; see `perturbed`.
        seed: Of the draws.

    Returns:
        `data` and, where there were some, `labels`.

    Raises:
        UseError: The model cannot encode and decode, its codes are indices, or the count is none.
    """
    if not is_whole(count) or count < 1:
        raise UseError(f"A whole number of rows from 1 is made. Received: {count!r}.")
    runner = runner_of(subject, "augment data", "encode", "decode")
    fields = fields_of(runner, data)
    codes = follow(runner, "encode", fields, seed=seed)["code"]
    if codes.dtype.kind != "f":
        raise UseError(f"Continuous codes are perturbed. Received: codes of {codes.dtype}.")
    rng = np.random.default_rng([seed])
    turns = -(-count // len(codes))
    rows = np.concatenate([rng.permutation(len(codes)) for _ in range(turns)])[:count]
    noise = noise_of(perturbation, codes.shape[1:])
    labels = fields.get("labels")
    known = labels is not None and labels.min() >= 0
    pieces = []
    for start in range(0, count, BATCH_SIZE):
        batch = rows[start : start + BATCH_SIZE]
        drawn = noise.draw(rng, len(batch))
        classes = labels[batch] if known and labels is not None else None
        moved = perturbed(codes[batch], drawn, perturbation, strength, labels=classes, xp=np)
        pieces.append(moved.astype(codes.dtype))
    given: Arrays = {} if labels is None else {"labels": labels[rows]}
    made = follow(runner, "decode", given | {"code": np.concatenate(pieces)}, seed=seed)
    return {"data": made["data"]} | given
