"""Judges a model or a bundle by every metric that its uses allow."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo.errors import UseError, suggestion
from zoo.metrics.groups import GROUPS
from zoo.metrics.judged import Judged, Runner
from zoo.metrics.reference import Reference
from zoo.metrics.score import Report


def evaluate(
    subject: Any,
    train: Any,
    test: Any = None,
    *,
    metrics: Sequence[str] | None = None,
    features: str | Path | None = None,
    count: int | None = None,
    seed: int = 0,
    predicted: str | None = None,
) -> Report:
    """Judges a trained model; which metrics there are follows from its uses.

    `sample` gives distances of samples to test data, beside those of training data; `reconstruct`
    gives errors beside those of the mean and of principal components; `encode` gives what codes
    tell of classes, beside what the data themselves tell. All errors are of data scaled to (0, 1).

    Args:
        subject: A model, or a session of `export.runtime.load`.
        train: The training data, `Data` or what `zoo.data.as_data` takes; or a `Reference`, which
            serves several models.
        test: Held-out data.
        metrics: Names, or patterns, of metrics or of groups; all by default.
        features: An ONNX file of `zoo features train`, or `pixels`.
        count: Rows of test data, and samples: all test data, at most 10,000, by default.
        seed: Of samples.
        predicted: The column of a table that a classifier tells, which is trained on samples; by
            default its last category.

    Raises:
        DataError: The data cannot be judged by, or the features not read.
        ModelError: The data have another shape than the model, or no such column.
        UseError: A name of a metric is unknown.
    """
    wanted = select(metrics)
    runner = Runner.of(subject)
    reference = train
    if not isinstance(reference, Reference):
        bounded = runner.about.value_range is not None
        reference = Reference(train, test, bounded=bounded, features=features, count=count)
    judged = Judged(runner, reference, seed, predicted)
    scores = [
        score
        for group in GROUPS.values()
        if wanted.intersection(group.metrics) and judged.reads(group.use)
        for score in group.judge(judged)
        if score.metric in wanted
    ]
    return Report(scores, reference.describe() | {"seed": seed})


def select(metrics: Sequence[str] | None = None) -> set[str]:
    """The metrics that names or patterns of metrics or groups select; all by default.

    Raises:
        UseError: One selects nothing.
    """
    known = [metric for group in GROUPS.values() for metric in group.metrics]
    if metrics is None:
        return set(known)
    found: set[str] = set()
    for name in metrics:
        chosen = fnmatch.filter(known, name)
        chosen += [m for g in fnmatch.filter(GROUPS, name) for m in GROUPS[g].metrics]
        if not chosen:
            hint = suggestion(name, [*GROUPS, *known])
            raise UseError(
                f"There is no metric {name!r}.{hint} Accepted: {', '.join(GROUPS)}; "
                f"{', '.join(known)}."
            )
        found |= set(chosen)
    return found
