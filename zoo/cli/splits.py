"""The split and the rows of the data that a command shows a subject."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from zoo.cli import sources
from zoo.cli.errors import UsageError
from zoo.cli.opened import Shape


def splits_for(
    opened: Any, options: argparse.Namespace, shape: Shape | None = None, alone: Shape | None = None
) -> tuple[Any, Any]:
    """The training data that a subject is shown, and the test data, or None.

    Args:
        opened: The subject.
        options: Of the command line, which name the data.
        shape: That the data have, where None is any size; by default the subject's own.
        alone: The shape of data without a second source, where it is another.

    Raises:
        UsageError: No data are known, or they do not have the shape.
    """
    train, test = sources.load_for(opened, options)
    wanted = tuple(opened.about.shape) if shape is None else shape
    if alone is not None and not set(sources.SECOND) & set(train.shapes):
        wanted = alone
    if not _has_shape(train, wanted):
        sequences = len(wanted) == 2 and _has_shape(train, (*wanted, 1))
        hint = " Accepted: --sequences." if sequences else ""
        shown = str(tuple(wanted)).replace("None", "any")
        raise UsageError(f"The data have the shape {shown}. Received: {tuple(train.shape)}.{hint}")
    return train, test


def _has_shape(data: Any, shape: Shape) -> bool:
    return len(data.shape) == len(shape) and all(
        size in (None, own) for size, own in zip(shape, data.shape, strict=True)
    )


def fields_for(
    opened: Any, options: argparse.Namespace, count: int, *, at_most: bool = False
) -> dict[str, np.ndarray]:
    """Rows of the data that a subject is shown, evenly spaced, scaled for it: every field.

    Args:
        opened: The subject.
        options: Of the command line, which name the data.
        count: How many.
        at_most: Whether fewer rows do where there are not as many.

    Raises:
        UsageError: No data are known, or they do not have the subject's shape.
    """
    train, test = splits_for(opened, options)
    data = train if test is None else test
    count = min(count, len(data)) if at_most else count
    if len(data) < count:
        raise UsageError(f"The data hold at least {count} rows. Received: {len(data)}.")
    chosen = np.linspace(0, len(data) - 1, count).astype(int)
    return data.batch(chosen, opened.about.value_range)


def known_and_asked(
    opened: Any, options: argparse.Namespace, count: int, **shapes: Shape | None
) -> tuple[Any, Any]:
    """Up to `count` rows of training data, and of the data that are asked about, evenly spaced.

    Those are the test data. Where `--data` have none, all of them are asked about, and the training
    data are what the subject was trained on, or where that is not known the same rows, the same
    object; without `--data`, the last tenth of the training data is asked about. `shapes` are those
    of `splits_for`.
    """
    train, test = _held_out(opened, options, **shapes)
    if train is test:
        train = sources.trained_on(opened) or train
    asked = _spaced(test, count)
    return (asked if train is test else _spaced(train, count)), asked


def asked_about(opened: Any, options: argparse.Namespace, count: int) -> Any:
    """The rows that are asked about, as of `known_and_asked`, without reading others."""
    return _spaced(_held_out(opened, options)[1], count)


def _held_out(opened: Any, options: argparse.Namespace, **shapes: Shape | None) -> tuple[Any, Any]:
    """The training data, and what is asked about: the same where they have no test split."""
    train, test = splits_for(opened, options, **shapes)
    if test is not None:
        return train, test
    return train.split(0.1) if options.data is None and len(train) > 1 else (train, train)


def _spaced(data: Any, count: int) -> Any:
    """Up to `count` rows, evenly spaced."""
    return data.select(np.linspace(0, len(data) - 1, min(count, len(data))).astype(int))
