"""Raw splits become `Data`: checked, labelled and ranged alike."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from zoo.data.dataset import Data
from zoo.data.field import Field, Range, check_range
from zoo.data.infer import as_field
from zoo.data.labels import index_labels
from zoo.data.sources.raw import Raw, Split
from zoo.data.sources.resize import resize_images
from zoo.data.sources.spill import MEMORY
from zoo.data.validation import as_samples, find_extent, infer_source_range
from zoo.errors import DataError


def as_data(
    values: object,
    *,
    shape: Sequence[int] | None = None,
    num_classes: int | None = None,
    like: Data | None = None,
) -> Data:
    """Returns an array, a pair `(samples, labels)`, a dictionary of fields or `Data` as `Data`.

    Args:
        values: Anything to convert; `Data` are returned as they are. In a dictionary stand `data`,
            `labels` and other fields, arrays or `Field`s, by name.
        shape: Of a sample, as a model expects it; it settles whether `(count, a, b)` are images
            without channels or sequences.
        num_classes: Labels are indices below this number; by default the classes are those
            that occur.
        like: Data whose shape, classes and range these share, such as those trained on.

    Raises:
        DataError: The values are no data, or not as expected.
    """
    if like is not None:
        shape = like.shape if shape is None else shape
    if isinstance(values, Data):
        if shape is not None and values.shape != tuple(shape):
            raise DataError(
                f"Samples have the shape {tuple(shape)}. Received: data of shape {values.shape}."
            )
        return values
    named = _named(values)
    samples, labels = named.pop("data"), named.pop("labels", None)
    known = {} if like is None else dict(like.fields)
    data = _data_field(samples, shape, known.get("data"))
    found = labels
    class_names = labels.names if isinstance(labels, Field) else None
    if not isinstance(labels, Field):
        (found,), class_names = index_labels(
            [labels], class_names=like.class_names if like else None, num_classes=num_classes
        )
        _check_count(data.values, found, "x")
    fields = {
        name: as_field(name, field, data_shape=data.shape, like=known.get(name))
        for name, field in named.items()
    }
    return Data(data, found, class_names, origin={"source": "arrays"}, fields=fields)


def _named(values: object) -> dict[str, Any]:
    """The fields of an array, a pair or a dictionary, by name."""
    if isinstance(values, Mapping):
        if "data" not in values:
            held = ", ".join(map(repr, values)) or "nothing"
            raise DataError(
                f"Data in a dictionary hold 'data'. Received: {held}. "
                "Accepted: 'data', and 'labels' and other fields by name."
            )
        return dict(values)
    if isinstance(values, tuple) and len(values) != 2:
        raise DataError(
            f"Data in a tuple are a pair. Received: {len(values)} values. "
            "Accepted: (samples, labels)."
        )
    samples, labels = values if isinstance(values, tuple) else (values, None)
    return {"data": samples, "labels": labels}


def _data_field(samples: Any, shape: Sequence[int] | None, like: Field | None) -> Field:
    if isinstance(samples, Field):
        return samples
    samples = as_samples(samples, shape=shape)
    extent = find_extent(samples)
    if like is not None:
        return replace(like, values=samples)
    return Field(samples, "continuous", infer_source_range(samples, extent), extent)


def assemble(
    raw: Raw,
    *,
    origin: str,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
    kind: str | None = None,
    source_range: Range | None = None,
    memory: int = MEMORY,
) -> tuple[Data, Data | None]:
    """Returns training and test data with one shape, one set of classes and one range.

    Raises:
        DataError: The splits are no data, or do not fit each other.
    """
    splits = {"train": raw.train} | ({} if raw.test is None else {"test": raw.test})
    samples = {part: _samples(split, kind) for part, split in splits.items()}
    if size or channels:
        samples = {
            part: resize_images(images, size=size, channels=channels, memory=memory)
            for part, images in samples.items()
        }
    if len({x.shape[1:] for x in samples.values()}) > 1:
        raise DataError(
            "Training and test samples have one shape. "
            f"Received: {' and '.join(str(x.shape[1:]) for x in samples.values())}."
        )
    # The test split is scaled as the training split is; it is read for values that are no numbers.
    extent, *_ = [find_extent(x, name=splits[part].name) for part, x in samples.items()]
    source_range = source_range or raw.source_range or infer_source_range(samples["train"], extent)
    if source_range is not None:
        extent = source_range = check_range("source_range", source_range)
    labels, class_names = index_labels(
        [split.labels for split in splits.values()], class_names=raw.class_names
    )
    data: list[Data] = []
    for (part, split), indices in zip(splits.items(), labels, strict=True):
        _check_count(samples[part], indices, split.name)
        facts = {"source": origin, "split": part, **raw.details, **split.details}
        known = dict(data[0].fields) if data else {}
        fields = {
            name: as_field(name, values, like=known.get(name))
            for name, values in split.fields.items()
        }
        for name, field in fields.items():
            _check_count(samples[part], field.values, split.name, name)
        data.append(
            Data(samples[part], indices, class_names, source_range, extent, facts, fields=fields)
        )
    return data[0], data[1] if len(data) == 2 else None


def _samples(split: Split, kind: str | None) -> np.ndarray:
    return as_samples(split.samples, name=split.name, kind=kind)


def _check_count(
    samples: np.ndarray, values: np.ndarray | None, name: str, field: str = "labels"
) -> None:
    if values is not None and len(values) != len(samples):
        raise DataError(
            f"Each sample has its {field}. Received: {len(samples)} samples in {name} and "
            f"{len(values)} {field}."
        )
