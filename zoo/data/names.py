"""The names of fields in a batch, also those of streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from zoo.data.field import Field
from zoo.errors import DataError

if TYPE_CHECKING:
    from zoo.data.dataset import Data

Value = TypeVar("Value")


def prefixed(entries: Mapping[str, Value], name: str) -> dict[str, Value]:
    """Another data set's entries under its name: `name` for `data`, `name_labels`, …."""
    return {name if key == "data" else f"{name}_{key}": value for key, value in entries.items()}


def check_names(
    usual: Mapping[str, Field], fields: Mapping[str, Field], streams: Mapping[str, Data]
) -> None:
    """Checks that each field has a name of its own and one value per sample.

    Args:
        usual: `data`, and `labels` where there are some.
        fields: Further fields, row by row.
        streams: Further data of any length.

    Raises:
        DataError: A name is used twice, or fields have different lengths.
    """
    names = [*usual, *fields]
    for name, stream in streams.items():
        names += prefixed(stream.shapes, name)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"Each field has a name of its own. Received: {', '.join(twice)} twice. "
            "Accepted: other names."
        )
    count = len(usual["data"])
    for name, field in {**usual, **fields}.items():
        if len(field) != count:
            raise DataError(
                f"Fields have one value per sample. Received: {count} samples and {len(field)} "
                f"values of {name!r}."
            )
