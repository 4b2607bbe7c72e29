"""Named fields, with what is known about them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from zoo.data.batches import Batches
from zoo.data.field import Field, Range
from zoo.data.fingerprint import fingerprint
from zoo.data.labels import index_labels, keep_some
from zoo.data.names import check_names, prefixed
from zoo.data.standardization import Standardization
from zoo.errors import DataError

__all__ = ["Data", "Range"]

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Data(Batches):
    """One split of a data set: named fields, checked and as they were stored.

    `load_data` and `as_data` make these; they check what this record takes on trust. `data` is
    always there, `labels` usually; what else a model reads stands under its own name.

    Args:
        samples: `(count, *shape)`, any real dtype, in memory or memory-mapped, channels last; or
            a `Field`, where they are not continuous.
        labels: Int32 class indices `(count,)`, a `Field` of them, or None.
        class_names: One name per class, or None where there are no labels.
        source_range: The range of the samples' values, such as `(0, 255)`; None for measurements.
        extent: Smallest and largest value, used for scaling where there is no source range.
        origin: JSON-able facts about where the data come from.
        fields: Further fields, row by row, such as `target` or `mask`.
        streams: Further data of any length, each read in an order of its own.
        standardization: Applied to `data` where a model has no value range.

    Raises:
        DataError: Fields have different lengths, or a name is used twice.
    """

    def __init__(
        self,
        samples: np.ndarray | Field,
        labels: np.ndarray | Field | None = None,
        class_names: Sequence[str] | None = None,
        source_range: Range | None = None,
        extent: Range = (0.0, 1.0),
        origin: Mapping[str, Any] | None = None,
        *,
        fields: Mapping[str, Field] = NOTHING,
        streams: Mapping[str, "Data"] = NOTHING,
        standardization: Standardization | None = None,
    ) -> None:
        if not isinstance(samples, Field):
            samples = Field(samples, source_range=source_range, extent=extent)
        self.class_names = None if class_names is None else list(class_names)
        usual = {"data": samples}
        if labels is not None:
            if not isinstance(labels, Field):
                labels = Field(labels, "index", size=self.num_classes, names=self.class_names)
            usual["labels"] = labels
        check_names(usual, fields, streams)
        self.fields: Mapping[str, Field] = MappingProxyType(usual | dict(fields))
        self.streams: Mapping[str, Data] = MappingProxyType(dict(streams))
        self.origin = dict(origin or {})
        self.standardization = standardization

    def replace(self, **changes: Any) -> "Data":
        """The same data with other `fields` (all of them), `streams`, `origin` and so on."""
        fields = dict(changes.pop("fields", self.fields))
        kept = {
            "class_names": self.class_names,
            "origin": self.origin,
            "streams": self.streams,
            "standardization": self.standardization,
        }
        data, labels = fields.pop("data"), fields.pop("labels", None)
        return type(self)(data, labels, fields=fields, **kept | changes)

    def __repr__(self) -> str:
        classes = f", {self.num_classes} classes" if self.num_classes else ""
        beside = [name for name in [*self.fields, *self.streams] if name not in ("data", "labels")]
        more = f", with {', '.join(beside)}" if beside else ""
        return f"Data({len(self)} of shape {self.shape}, {self.samples.dtype}{classes}{more})"

    @property
    def samples(self) -> np.ndarray:
        """The stored values of `data`: `(count, *shape)`."""
        return self.fields["data"].values

    @property
    def labels(self) -> np.ndarray | None:
        """Class indices `(count,)`, -1 where they are hidden; None where there are none."""
        return self.fields["labels"].values if "labels" in self.fields else None

    @property
    def source_range(self) -> Range | None:
        """The range of the samples' values; None for measurements."""
        return self.fields["data"].source_range

    @property
    def extent(self) -> Range:
        """Smallest and largest value of the samples, where they have no source range."""
        return self.fields["data"].extent

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample, channels last."""
        return self.fields["data"].shape

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one row of every field, also of the streams', by name in a batch."""
        found = {name: field.shape for name, field in self.fields.items()}
        for name, stream in self.streams.items():
            found |= prefixed(stream.shapes, name)
        return found

    @property
    def num_classes(self) -> int | None:
        """Number of classes, also of those that this split has no sample of."""
        return None if self.class_names is None else len(self.class_names)

    @cached_property
    def description(self) -> dict[str, Any]:
        """JSON-able record: origin, size, range, classes, and a hash of each field's bytes.

        `hash` is that of samples and labels together; other fields and streams have their own.
        """
        data = self.fields["data"]
        found: dict[str, Any] = {
            **self.origin,
            "count": len(self),
            "shape": list(self.shape),
            "dtype": str(self.samples.dtype),
            "source_range": None if self.source_range is None else list(self.source_range),
            "class_names": self.class_names,
            "hash": fingerprint(self.samples, self.labels),
        }
        if data.kind != "continuous":
            found |= {"kind": data.kind, "size": data.size}
        beside = {name: self.fields[name] for name in self.fields if name not in ("data", "labels")}
        if beside:
            found["fields"] = {name: field.describe() for name, field in beside.items()}
        if self.streams:
            found["streams"] = {name: data.description for name, data in self.streams.items()}
        return found

    def standardized(self, standardization: Standardization | None) -> "Data":
        """The same data, and streams of the same shape, standardized alike in batches."""
        streams = {
            name: stream.standardized(standardization) if stream.shape == self.shape else stream
            for name, stream in self.streams.items()
        }
        return self.replace(streams=streams, standardization=standardization)

    def select(self, rows: slice | np.ndarray) -> "Data":
        """Some of the rows; a slice of memory-mapped fields stays on the disk."""
        fields = {n: replace(field, values=field.values[rows]) for n, field in self.fields.items()}
        return self.replace(fields=fields)

    def split(self, fraction: float) -> tuple["Data", "Data"]:
        """Training data and, from their end, the given fraction held out, streams alike.

        Raises:
            DataError: Either part would be empty.
        """
        at = len(self) - int(len(self) * fraction)
        if not (0 < fraction < 1 and 0 < at < len(self)):
            raise DataError(
                "A validation split is a fraction that leaves rows in both parts. "
                f"Received: {fraction} of {len(self)} rows. Accepted: more than 0, less than 1."
            )
        streams = {name: stream.split(fraction) for name, stream in self.streams.items()}
        return (
            self.select(slice(None, at)).replace(streams={n: s[0] for n, s in streams.items()}),
            self.select(slice(at, None)).replace(streams={n: s[1] for n, s in streams.items()}),
        )

    def in_classes(self, class_names: Sequence[str]) -> "Data":
        """The same data with the labels as indices of other names, in another order or of more.

        Raises:
            DataError: A class of the data is not among the names.
        """
        labels = self.fields.get("labels")
        if labels is None or self.class_names is None:
            raise DataError("Classes have names. Received: data without labels.")
        places = index_labels([self.class_names], class_names=class_names)[0][0]
        hidden = np.asarray(labels.values) < 0
        values = np.where(hidden, -1, np.asarray(places)[labels.values]).astype(np.int32)
        names = list(class_names)
        renamed = replace(labels, values=values, size=len(names), names=names)
        return self.replace(fields={**self.fields, "labels": renamed}, class_names=names)

    def hide_labels(self, keep: int, seed: int = 0) -> "Data":
        """The same data with the labels of `keep` rows, the others -1.

        The kept rows are drawn from the seed, of each class as many as of the others.

        Raises:
            DataError: The data have no labels, or fewer than are kept.
        """
        labels = self.fields.get("labels")
        if labels is None:
            raise DataError(
                "Labels are hidden where there are some. Received: data without labels."
            )
        kept = replace(labels, values=keep_some(labels.values, keep, seed), hidden=True)
        return self.replace(fields={**self.fields, "labels": kept})
