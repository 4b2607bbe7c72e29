"""Conversion of what a model is given to data that it can read."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo.data import Data, Field, Stream, as_data
from zoo.data.facts import sample_rate
from zoo.data.streams.sources import find_source, is_indexed, read_indexed, to_numpy
from zoo.errors import DataError, ModelError
from zoo.model import GenerativeModel


def data_for(
    model: GenerativeModel,
    values: Any,
    labels: Any = None,
    *,
    like: Any = None,
    steps: int | None = None,
) -> Data | Stream:
    """Returns what Keras users hold as the data of a model; `Data` and `Stream` as they are.

    Arrays, pairs `(x, y)`, dictionaries of fields and PyTorch's indexed data sets become `Data`;
    `tf.data.Dataset`, `DataLoader`, `PyDataset` and generators a `Stream`. A `y` of the data's
    shape is the field `target`; the data themselves, as autoencoders are fitted in Keras, none.

    Args:
        model: The model that decides shape, classes and standardization.
        values: The values to convert.
        labels: Keras's `y`, where it is not part of the values.
        like: The data trained on, whose scale these share.
        steps: Of the training, which are one epoch of a stream that does not tell its length.

    Raises:
        DataError: The values are no data.
        ModelError: The model does not read the target.
    """
    if isinstance(values, Data | Stream):
        if labels is not None:
            raise DataError("Data hold their labels. Received: data and y. Accepted: data alone.")
        data: Data | Stream = values
    elif (source := find_source(values)) is not None:
        if labels is not None:
            raise DataError("A stream gives pairs (x, y). Received: a stream and y beside it.")
        data = Stream(
            values,
            steps_per_epoch=steps if source.length is None else None,
            shape=model.shape,
            num_classes=model.num_classes,
        )
    else:
        if is_indexed(values):
            values = read_indexed(values)
        named = _named(model, to_numpy(values), to_numpy(labels))
        data = as_data(named, shape=model.shape, num_classes=model.num_classes, like=like)
    standardization = getattr(model, "standardization", None)
    return data if standardization is None else data.standardized(standardization)


def check_fits(model: GenerativeModel, data: Data | Stream) -> None:
    """Checks that a model can read data.

    Raises:
        ModelError: The shape differs, labels or a field that the model reads are missing, there
            are too many classes, or the data are tokens and the model reads numbers.
    """
    name = type(model).__name__
    if tuple(data.shape) != model.shape:
        raise ModelError(
            f"The data have the model's shape {model.shape}. Received: {tuple(data.shape)}"
        )
    _check_kind(model, data.fields["data"])
    _check_table(model, data)
    _check_rate(model, data)
    for field, shape in getattr(model, "reads", {}).items():
        _check_field(name, field, shape, data.shapes)
    if model.num_classes is None:
        return
    if data.labels is None:
        raise ModelError(
            f"{name} reads labels. Received: data without labels. Accepted: (samples, labels), or "
            "an archive that holds labels too."
        )
    if data.fields["labels"].hidden and not getattr(model, "hidden_labels", False):
        raise ModelError(
            f"{name} reads a label for every sample. Received: data with hidden labels. "
            "Accepted: data as they were before hide_labels."
        )
    classes = data.num_classes or int(data.labels.max()) + 1
    if classes > model.num_classes:
        raise ModelError(
            f"The data have at most the model's {model.num_classes} classes. Received: {classes}"
        )


def _check_kind(model: GenerativeModel, field: Field) -> None:
    """Tokens fit models with a vocabulary that holds them, and only these."""
    vocabulary = getattr(model, "vocabulary_size", None)
    if vocabulary is None and field.kind != "index":
        return
    if vocabulary is None or field.kind != "index":
        reads, received = ("numbers", "tokens") if vocabulary is None else ("tokens", "numbers")
        raise ModelError(f"{type(model).__name__} reads {reads}. Received: {received}.")
    own = list(getattr(model, "vocabulary", ()))
    if field.names is not None and own and list(field.names) != own[: len(field.names)]:
        raise ModelError(
            f"The data have the tokens of {type(model).__name__}'s vocabulary. Received: others. "
            "Accepted: load_data(path, vocabulary=model.vocabulary)."
        )
    if field.size is not None and field.size > vocabulary:
        raise ModelError(
            f"The data have at most the model's {vocabulary} tokens. Received: {field.size}."
        )


def _check_table(model: GenerativeModel, data: Data | Stream) -> None:
    """Columns mean what those of the model's table do, where both are known."""
    own, found = getattr(model, "schema", None), getattr(data, "origin", {}).get("table")
    if own is None or found is None:
        return
    keys = ("name", "kind", "categories")
    columns = [[[column.get(k) for k in keys] for column in t["columns"]] for t in (own, found)]
    if columns[0] != columns[1]:
        raise ModelError(
            f"The data have the columns and categories of {type(model).__name__}'s schema. "
            "Received: others. Accepted: load_data(path, table=model.schema)."
        )


def _check_rate(model: GenerativeModel, data: Data | Stream) -> None:
    """A second has as many samples as those of the model's sounds, where both are known."""
    own, found = model.sample_rate, sample_rate(data)
    if own is not None and found not in (None, own):
        raise ModelError(
            f"The sounds have the model's {own} samples in a second. Received: {found}. "
            "Accepted: load_data(path, rate=model.sample_rate)."
        )


def _check_field(
    model: str, name: str, shape: tuple[int | None, ...], shapes: Mapping[str, tuple[int, ...]]
) -> None:
    """A field is there, and of the shape, in which None is any size."""
    if name not in shapes:
        held = ", ".join(shapes)
        raise ModelError(
            f"{model} reads the field {name!r}. Received: data with {held}. "
            f"Accepted: paired(data, {name}=…), row by row, or unpaired(data, {name}=…); on the "
            f"command line {'--target D --unpaired' if name == 'other' else f'--{name} D'}."
        )
    found = shapes[name]
    fits = len(found) == len(shape) and all(
        wanted in (None, size) for wanted, size in zip(shape, found, strict=True)
    )
    if not fits:
        raise ModelError(
            f"{model} reads {name!r} of shape {tuple(shape)}. Received: {tuple(found)}."
        )


def _named(model: GenerativeModel, values: Any, y: Any) -> Any:
    """Keras's x and y as named fields."""
    if isinstance(values, tuple) and len(values) == 2 and y is None:
        values, y = values
    if isinstance(values, Mapping):
        beside = {} if y is None else y if isinstance(y, Mapping) else {"labels": y}
        return {**values, **beside}
    if isinstance(values, tuple):
        return values
    if y is None:
        return {"data": _tokens(model, values)}
    found = np.shape(y) if hasattr(y, "shape") else ()
    one_hot = model.num_classes is not None and found[1:] == (model.num_classes,)
    if len(found) < 2 or found != getattr(values, "shape", ()) or one_hot:
        return {"data": _tokens(model, values), "labels": y}
    if y is values or np.array_equal(y, values):
        return {"data": _tokens(model, values)}
    if "target" not in getattr(model, "reads", {}):
        raise ModelError(
            f"{type(model).__name__} reads no target. Received: y of the data's shape {found}, "
            "which is not x. Accepted: x alone, or class labels."
        )
    return {"data": values, "target": y}


def _tokens(model: GenerativeModel, values: Any) -> Any:
    """Integers as tokens, for a model with a vocabulary."""
    size = getattr(model, "vocabulary_size", None)
    if size is None or isinstance(values, Field) or np.asarray(values).dtype.kind not in "iu":
        return values
    values = np.asarray(values)
    if values.min() < 0 or values.max() >= size:
        raise DataError(
            f"Tokens are below the vocabulary's size. Received: {values.min()} to "
            f"{values.max()}. Accepted: 0 to {size - 1}."
        )
    return Field(values, "index", size=size)
