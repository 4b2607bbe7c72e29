"""The subjects of applications: a model or a bundle, and the fields of data that its uses read."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np

from zoo.data import Data
from zoo.errors import UseError
from zoo.metrics.judged import Runner
from zoo.uses import LABELS

Arrays = dict[str, np.ndarray]


def runner_of(subject: Any, what: str, *uses: str) -> Runner:
    """A runner of a model's uses: the model, a session, or the command line's subject.

    Args:
        subject: The model.
        what: The purpose, for the message.
        uses: The uses that are needed.

    Raises:
        UseError: It lacks one.
    """
    runner = Runner.of(subject)
    missing = [name for name in uses if name not in runner.table]
    if missing:
        raise UseError(
            f"To {what} a model needs the use {missing[0]!r}. "
            f"Received: a model with {', '.join(runner.table) or 'none'}."
        )
    return runner


def fields_of(runner: Runner, data: Any) -> Arrays:
    """Fields by name: of `Data` scaled for the model, of a mapping as they are, or `data` alone.

    Raises:
        UseError: They are no arrays of numbers.
    """
    if isinstance(data, Data):
        return data.batch(np.arange(len(data)), runner.about.value_range)
    fields = data if isinstance(data, Mapping) else {"data": data}
    return {name: _numbers(name, values) for name, values in fields.items()}


def _numbers(name: str, values: Any) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError:  # Rows of different lengths.
        array = np.empty(0, object)
    if name in LABELS and array.dtype.kind == "U":  # Names of classes, which a bundle reads.
        return array
    if array.dtype.kind not in "fiub" or (array.ndim == 0 and name not in LABELS):
        raise UseError(
            f"Data are arrays of numbers, a row for each sample. Received: {name}, "
            f"{type(values).__name__} of the dtype {array.dtype} and the shape {array.shape}. "
            "Accepted: Data, fields by name, or samples in the model's value range."
        )
    return array


def follow(runner: Runner, name: str, fields: Arrays, **options: Any) -> Arrays:
    """The results of a use on those fields that it reads.

    Raises:
        UseError: One of them holds NaN or infinity.
    """
    read = {key: fields[key] for key in runner.table[name].inputs if key in fields}
    for key, array in read.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UseError(f"{key!r} must be finite. Received: NaN or infinite values.")
    return dict(runner.use(name, **read, **options))


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, of Python or of NumPy."""
    return isinstance(value, Integral) and not isinstance(value, bool)
