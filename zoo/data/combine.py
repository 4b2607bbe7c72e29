"""Data beside data: row by row, in orders of their own, and with few labels."""

from dataclasses import replace
from typing import Any

import numpy as np

from zoo.data.dataset import Data, prefixed
from zoo.errors import DataError


def paired(data: Data, **partners: Any) -> Data:
    """Returns data with others of the same length, row by row: `paired(photos, target=maps)`.

    Args:
        data: What the partners are added to.
        partners: Data, or arrays, by the name of their field; their labels become `name_labels`.

    Raises:
        DataError: A partner has another length, or a name is used twice.
    """
    from zoo.data.build import as_data

    fields = dict(data.fields)
    for name, partner in partners.items():
        other = partner if isinstance(partner, Data) else as_data(partner)
        if len(other) != len(data):
            raise DataError(
                f"Pairs have one partner per sample. Received: {len(data)} samples and "
                f"{len(other)} of {name!r}. Accepted: as many, or unpaired({name}=…)."
            )
        _check_free(name, fields)
        fields |= prefixed(other.fields, name)
    return data.replace(fields=fields)


def unpaired(data: Data, **streams: Any) -> Data:
    """Returns data with others of any length, each in an order of its own.

    `unpaired(horses, other=zebras)`: an epoch is a pass over the horses; zebras are read on and on.
    """
    from zoo.data.build import as_data

    found = {n: s if isinstance(s, Data) else as_data(s) for n, s in streams.items()}
    for name in found:
        _check_free(name, data.streams)
    return data.replace(streams={**data.streams, **found})


def labelled(data: Data, keep: int, seed: int = 0) -> Data:
    """Returns data of which `keep` rows have labels, and these rows as the stream `labelled`.

    Batches hold `labels`, -1 where they are hidden, and `labelled` with `labelled_labels`.
    """
    hidden = hide_labels(data, keep, seed)
    kept = np.flatnonzero(hidden.fields["labels"].values >= 0)
    few = data.replace(streams={}).select(kept)
    return unpaired(hidden, labelled=few)


def hide_labels(data: Data, keep: int, seed: int = 0) -> Data:
    """Returns the same data with the labels of `keep` rows, the others -1; see `Data.hide_labels`.

    Raises:
        DataError: The data have no labels, or fewer than are kept.
    """
    if data.labels is None:
        raise DataError("Labels are hidden where there are some. Received: data without labels.")
    known = np.flatnonzero(data.labels >= 0)
    if not 1 <= keep <= len(known):
        raise DataError(
            f"Some labels are kept. Received: keep={keep}. Accepted: 1 to {len(known)}."
        )
    shuffled = np.random.default_rng([seed, 0]).permutation(known)
    turns = np.empty(len(shuffled), np.int64)  # A row's number among the rows of its class.
    for label in np.unique(data.labels[shuffled]):
        members = np.flatnonzero(data.labels[shuffled] == label)
        turns[members] = np.arange(len(members))
    kept = shuffled[np.argsort(turns, kind="stable")[:keep]]
    labels = np.full(len(data), -1, np.int32)
    labels[kept] = data.labels[kept]
    field = replace(data.fields["labels"], values=labels, hidden=True)
    return data.replace(fields={**data.fields, "labels": field})


def _check_free(name: str, taken: Any) -> None:
    if name in taken:
        raise DataError(f"The data have no {name!r} yet. Received: it twice.")
