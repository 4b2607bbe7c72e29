"""Batches that another library gives, in an order of its own."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import Any, NoReturn

import numpy as np

from zoo.data.field import Field, Range
from zoo.data.labels import index_labels
from zoo.data.standardization import Standardization
from zoo.data.streams.elements import as_stream_field, check_units, named_arrays, regroup
from zoo.data.streams.plan import StreamPlan
from zoo.data.streams.sources import Source, find_source
from zoo.data.validation import find_extent
from zoo.errors import DataError


class Stream:
    """Data that can only be read forwards; read as `Data` are, but not by row.

    Elements are dictionaries of fields, pairs `(x, y)`, or x alone. Bytes are scaled from 0 to 255
    to the model's value range; floats are in it already; other integers are indices. Rows are
    regrouped into batches of one size, on across passes. A run that is resumed in the middle of an
    epoch starts the stream anew, with a warning.

    Args:
        source: A `tf.data.Dataset`, `DataLoader`, `IterableDataset`, `keras.utils.PyDataset`, a
            generator, or a function that returns an iterator.
        steps_per_epoch: Steps of an epoch; needed where the source does not tell its length.
        shape: Of a sample, as a model expects it; tells rows from batches.
        num_classes: Labels are indices below this number.
        class_names: One name per class.

    Raises:
        DataError: The source is anything else, or its first element is no data.
    """

    streams: Mapping[str, Any] = {}

    def __init__(
        self,
        source: Any,
        *,
        steps_per_epoch: int | None = None,
        shape: Sequence[int] | None = None,
        num_classes: int | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        found = find_source(source)
        if found is None:
            raise DataError(
                f"A stream gives batches. Received: {type(source).__name__}. Accepted: "
                "tf.data.Dataset, DataLoader, IterableDataset, PyDataset, a generator, or a "
                "function that returns one."
            )
        self.source: Source = found
        self.expected = None if shape is None else tuple(shape)
        self._num_classes = num_classes
        self.class_names = None if class_names is None else list(class_names)
        self.standardization: Standardization | None = None
        self._given_steps = steps_per_epoch
        self._opened = self.source.open()
        first = next(self._opened, None)
        if first is None:
            raise DataError(
                f"A stream holds at least one batch. Received: {self.source.name}, empty."
            )
        self._ahead: list[Any] = [first]  # Of the open pass: read already, not given yet.
        self.first_fields = self._fields(first)

    def __repr__(self) -> str:
        return f"Stream({self.source.name} of shape {self.shape})"

    @property
    def fields(self) -> Mapping[str, Field]:
        """The fields of the first element; all others are like them."""
        return self.first_fields

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample, channels last."""
        return self.fields["data"].shape

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one row of every field."""
        return {name: field.shape for name, field in self.fields.items()}

    @property
    def labels(self) -> np.ndarray | None:
        """The labels of the first element, or None where there are none."""
        return self.fields["labels"].values if "labels" in self.fields else None

    @property
    def num_classes(self) -> int | None:
        """Number of classes; None where it was not given."""
        return self._num_classes if self.class_names is None else len(self.class_names)

    @property
    def source_range(self) -> Range | None:
        """The range of the samples' values: 0 to 255 for bytes, None for others."""
        return self.fields["data"].source_range

    @cached_property
    def description(self) -> dict[str, Any]:
        """JSON-able record; a stream has no hash, for it is not read to its end."""
        data = self.fields["data"]
        return {
            "source": f"stream: {self.source.name}",
            "count": None,
            "shape": list(self.shape),
            "dtype": str(data.values.dtype),
            "source_range": None if self.source_range is None else list(self.source_range),
            "class_names": self.class_names,
            "hash": None,
        }

    def standardized(self, standardization: Standardization | None) -> "Stream":
        """This stream, whose `data` are standardized in batches; it is changed, not copied."""
        self.standardization = standardization
        return self

    def split(self, fraction: float) -> NoReturn:
        """Rejects the split: the rows of a stream cannot be told apart before they are read.

        Raises:
            DataError: Always.
        """
        raise DataError(
            f"A validation split is of data whose rows can be counted. Received: {fraction} of a "
            f"{self.source.name}. Accepted: validation_data."
        )

    def first(self, count: int, value_range: Range | None) -> dict[str, np.ndarray]:
        """Returns at most the first `count` rows of the first element."""
        return self.convert({n: f.values[:count] for n, f in self.fields.items()}, value_range)

    def plan(
        self, batch_size: int | None = None, seed: int = 0, batches_per_step: int = 1
    ) -> StreamPlan:
        """The batches of a training run; the seed has no part in their order."""
        return StreamPlan(self, batch_size, batches_per_step)

    def batches(
        self, batch_size: int | None, value_range: Range | None
    ) -> Iterator[dict[str, np.ndarray]]:
        """Yields one pass, or an epoch of a stream without end; the last batch may be smaller."""
        elements = self.elements()
        if self.source.length is None and self._given_steps is not None:
            elements = islice(elements, self._given_steps)
        for number, rows in enumerate(regroup(elements, batch_size)):
            batch = self.convert(rows, value_range)
            if number == 0 and value_range is not None:
                check_units(rows["data"], batch["data"], value_range)
            yield batch

    def steps_per_epoch(self, batch_size: int, batches_per_step: int) -> int:
        """Steps of one pass.

        Raises:
            DataError: The source does not tell its length, and no number was given.
        """
        if self._given_steps is not None:
            return self._given_steps
        if self.source.length is None:
            raise DataError(
                f"An epoch has a number of steps. Received: {self.source.name} of unknown length. "
                "Accepted: steps_per_epoch=N."
            )
        rows = self.source.length * len(self.fields["data"])
        return max(1, rows // batch_size // batches_per_step)

    def elements(self) -> Iterator[dict[str, np.ndarray]]:
        """The rest of the pass that is open and was not begun, or else a new pass."""
        if not self._ahead and not self.source.once:
            self._opened = self.source.open()
        ahead, self._ahead = self._ahead, []
        for element in chain(ahead, self._opened):
            yield {name: field.values for name, field in self._fields(element).items()}

    def convert(
        self, rows: Mapping[str, np.ndarray], value_range: Range | None
    ) -> dict[str, np.ndarray]:
        """Rows as a model reads them: scaled, int32 and float32."""
        everything = np.arange(len(rows["data"]))
        fields = {name: as_stream_field(values) for name, values in rows.items()}
        batch = {name: field.batch(everything, value_range) for name, field in fields.items()}
        if self.standardization is not None and value_range is None:
            batch["data"] = self.standardization.apply(rows["data"])
        find_extent(batch["data"], name="a batch")
        return batch

    def _fields(self, element: Any) -> dict[str, Field]:
        """An element's fields, checked, with a batch axis."""
        named = named_arrays(element)
        data = named["data"]
        if self._is_row(data):
            named = {name: value[None] for name, value in named.items()}
        elif data.ndim == 0:
            raise DataError(f"A batch has rows. Received: a number, from {self.source.name}.")
        named["data"] = self._shaped(named["data"])
        if "labels" in named:
            named["labels"] = self._labels(named["labels"])
        for name, value in named.items():
            if value.ndim == 0 or len(value) != len(named["data"]):
                raise DataError(
                    f"Fields have one value per sample. Received: {len(named['data'])} samples "
                    f"and {name!r} of shape {value.shape}."
                )
        return {name: as_stream_field(value) for name, value in named.items()}

    def _is_row(self, data: np.ndarray) -> bool:
        if self.source.batched is not None or self.expected is None:
            return self.source.batched is False
        return data.shape == self.expected or (*data.shape, 1) == self.expected

    def _shaped(self, data: np.ndarray) -> np.ndarray:
        if self.expected is None or data.shape[1:] == self.expected:
            return data
        if (*data.shape[1:], 1) == self.expected:
            return data[..., None]
        first = data.ndim == 4 and (*data.shape[2:], data.shape[1]) == self.expected
        hint = "; channels come last: x.permute(0, 2, 3, 1)" if first else ""
        raise DataError(
            f"A stream gives batches of samples. Received: shape {data.shape}. "
            f"Accepted: (count, {str(self.expected)[1:].replace(',)', ')')}{hint}."
        )

    def _labels(self, labels: np.ndarray) -> np.ndarray:
        """Class indices of a batch; the classes are given, or every index is one."""
        if self.class_names is None and self._num_classes is None:
            if labels.dtype.kind not in "iu" or labels.ndim > 2:
                return labels  # Not labels of classes; what a model reads is checked by name.
            if labels.ndim == 2 and labels.shape[1] == 1:
                labels = labels[:, 0]
            return labels.astype(np.int32)
        (indices,), _ = index_labels(
            [labels], class_names=self.class_names, num_classes=self._num_classes
        )
        return np.asarray(indices)
