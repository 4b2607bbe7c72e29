"""Classes of data, of which few have labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.applications.subjects import Arrays, fields_of, follow, runner_of
from zoo.errors import UseError
from zoo.metrics.representation import probe


def classify(subject: Any, data: Any, known: Any = None, *, seed: int = 0) -> Arrays:
    """The likeliest class of each row, `label` int32 `(count,)`, and `probability` of each class.

    A model with the use `classify` says it itself; codes of any other that encodes are classified
    by a logistic regression on the codes of labelled rows.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        data: `Data`, fields by name, or samples in the model's value range.
        known: Labelled rows: `Data`, or fields with `labels`, of which −1 are hidden. Models that
            classify need none.
        seed: Of what the uses draw.

    Raises:
        UseError: The model has neither `classify` nor `encode`, or there are no labels.
    """
    runner = runner_of(subject, "classify")
    fields = fields_of(runner, data)
    if "classify" in runner.table:
        return follow(runner, "classify", fields, seed=seed)
    runner_of(runner, "classify", "encode")
    few = labelled(fields_of(runner, known) if known is not None else {})
    codes = [follow(runner, "encode", rows, seed=seed)["code"] for rows in (few, fields)]
    return probe(codes[0], few["labels"], codes[1])


def labelled(fields: Arrays, accepted: str = "known, rows with labels of several") -> Arrays:
    """The rows whose labels are not hidden.

    Args:
        fields: Arrays by name, `labels` among them.
        accepted: For the message, what would do.

    Raises:
        UseError: There are none of two classes, or labels that are no classes.
    """
    labels = fields.get("labels", np.empty(0, "int32"))
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise UseError(
            "Labels are whole numbers from 0, one for each row, and -1 where they are hidden. "
            f"Received: {labels.dtype} {labels.shape} {labels.ravel()[:8]}."
        )
    rows = np.flatnonzero(labels >= 0)
    classes = np.unique(labels[rows])
    if len(classes) < 2:
        raise UseError(
            "A classifier of codes learns from labelled rows of two classes at least. Received: "
            f"{len(rows)} labelled, of {len(classes)} classes. Accepted: {accepted}."
        )
    return {name: array[rows] for name, array in fields.items() if len(array) == len(labels)}
