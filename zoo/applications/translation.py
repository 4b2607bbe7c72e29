"""Data turned into what a translator, or an upscaler, makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.applications.subjects import fields_of, follow, runner_of
from zoo.errors import UseError
from zoo.uses import TARGET_LABELS


def translate(
    subject: Any, data: Any, *, back: bool = False, label: int | None = None, seed: int = 0
) -> np.ndarray:
    """What a model's use `translate` makes of data, in the model's value range.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        data: `Data`, fields by name, or samples in the model's value range.
        back: Whether it is `translate_back`, of the other domain: the field `other`, or data
            without it.
        label: The class that data become, where the use reads one (`target_labels`); by default
            the classes in turn.
        seed: Of what the use draws.

    Raises:
        UseError: The model has no such use, or it reads no class.
    """
    name = "translate_back" if back else "translate"
    runner = runner_of(subject, name.replace("_", " "), name)
    fields = fields_of(runner, data)
    if back:
        fields = {"other": fields["data"], **fields}
    if label is not None:
        if TARGET_LABELS not in runner.table[name].inputs:
            raise UseError(f"The use {name!r} reads no class. Received: label={label}.")
        fields = {**fields, TARGET_LABELS: np.full(len(fields["data"]), label, "int32")}
    return next(iter(follow(runner, name, fields, seed=seed).values()))


def upscale(subject: Any, small: np.ndarray) -> np.ndarray:
    """What a model's use `upscale` makes of small data, in the model's value range.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        small: `(count, …)`, in the model's value range.

    Raises:
        UseError: The model has no such use, or enlarges other sizes.
    """
    runner = runner_of(subject, "upscale", "upscale")
    return next(iter(follow(runner, "upscale", {"low": small}).values()))
