"""A buffer of past samples, which a discriminator sees in the place of new ones."""

from __future__ import annotations

from typing import Any

from keras import ops


def exchanged(
    buffer: Any, held: Any, samples: Any, draws: Any, share: float = 0.5
) -> tuple[Any, Any, Any]:
    """Puts samples into a buffer, and takes out those whose places they come to.

    A row is exchanged with the share's probability, for what is at a random place; at an empty
    place it stays and is shown as well. Of rows with the same place, the first one takes it.
    Source: Shrivastava et al., 2016, arXiv:1612.07828, section 2.3, one sample at a time.

    Args:
        buffer: Past samples `(places, …)`.
        held: 1 for each place that holds one, else 0: `(places,)`.
        samples: `(batch, …)`.
        draws: Uniform on [0, 1): `(batch, 2)`, whether and where.
        share: Of the rows.

    Returns:
        What is shown `(batch, …)`, the next buffer, and which of its places hold a sample.
    """
    count, rows = buffer.shape[0], ops.shape(samples)[0]
    place = ops.cast(ops.minimum(ops.floor(draws[:, 1] * count), count - 1), "int32")
    full = ops.take(held, place) > 0
    moved = ops.logical_or(draws[:, 0] < share, ops.logical_not(full))
    places = ops.arange(count, dtype="int32")[:, None]
    wants = ops.logical_and(place[None] == places, moved[None])  # (places, rows)
    first = ops.cast(ops.argmax(ops.cast(wants, "int32"), axis=1), "int32")
    taken = ops.any(wants, axis=1)
    wins = ops.logical_and(wants, ops.arange(rows, dtype="int32")[None] == first[:, None])
    given = ops.logical_and(ops.any(wins, axis=0), full)
    shown = ops.where(_wide(given, samples), ops.take(buffer, place, axis=0), samples)
    kept = ops.where(_wide(taken, buffer), ops.take(samples, first, axis=0), buffer)
    return shown, kept, ops.maximum(held, ops.cast(taken, held.dtype))


def _wide(rows: Any, like: Any) -> Any:
    """One value for each row in the rank of data."""
    return ops.reshape(rows, (-1, *[1] * (len(like.shape) - 1)))
