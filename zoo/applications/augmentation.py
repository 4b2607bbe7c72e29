"""Augmented data, written once: decodings of perturbed codes by any model, or a bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from zoo.errors import UseError
from zoo.hybrids.perturbation import Perturbation, noise_of, perturbed
from zoo.uses import Use

BATCH_SIZE = 64
"""Codes that are perturbed together: their deviations, means and neighbours are those of a batch,
as in the training of `augmented_gan`."""
Arrays = dict[str, np.ndarray]


def augment(
    use: Callable[..., Arrays],
    table: Mapping[str, Use],
    fields: Mapping[str, np.ndarray],
    count: int,
    *,
    perturbation: Perturbation = "interpolation",
    strength: float = 0.5,
    seed: int = 0,
) -> Arrays:
    """New rows of data: each the decoding of the perturbed code of a row that is there.

    Args:
        use: Runs a use of a model or of a bundle.
        table: Their uses, of which `encode` and `decode` are needed.
        fields: `data` `(rows, …)` as the model reads them, and `labels` where there are some, which
            the new rows take over; neighbours are then of the same class.
        count: How many new rows. The rows that they come from are drawn in turns: each comes once
            before one comes twice.
        perturbation: Of the codes.
        strength: Of the perturbation; see `perturbed`.
        seed: Of the draws.

    Returns:
        `data` and, where there were some, `labels`.

    Raises:
        UseError: The model cannot encode and decode, or its codes are indices.
    """
    for name in ("encode", "decode"):
        if name not in table:
            raise UseError(
                f"Data are augmented by models that encode and decode. Received: a model without "
                f"{name!r}. Accepted: one with an encoder and a decoder."
            )
    read = {name: fields[name] for name in table["encode"].inputs if name in fields}
    codes = use("encode", seed=seed, **read)["code"]
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
    given: Arrays = {"code": np.concatenate(pieces)}
    if "labels" in table["decode"].inputs and labels is not None:
        given["labels"] = labels[rows]
    made = {"data": use("decode", seed=seed, **given)["data"]}
    return made | ({} if labels is None else {"labels": labels[rows]})
