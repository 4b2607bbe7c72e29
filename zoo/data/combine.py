"""Data beside data: row by row, in orders of their own, and with few labels."""

from typing import Any

import numpy as np

from zoo.data.dataset import Data
from zoo.data.names import prefixed
from zoo.errors import DataError


def paired(data: Data, **partners: Any) -> Data:
    """Returns data with others of the same length, row by row: `paired(photos, target=maps)`.

    Args:
        data: The data that the partners are added to.
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
    hidden = data.hide_labels(keep, seed)
    kept = np.flatnonzero(hidden.fields["labels"].values >= 0)
    few = data.replace(streams={}).select(kept)
    return unpaired(hidden, labelled=few)


def _check_free(name: str, taken: Any) -> None:
    if name in taken:
        raise DataError(f"The data have no {name!r} yet. Received: it twice.")
