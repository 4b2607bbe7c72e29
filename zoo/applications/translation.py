"""Data turned into what a translator makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.applications.subjects import fields_of, follow, runner_of


def translate(subject: Any, data: Any, *, seed: int = 0) -> np.ndarray:
    """What a model's use `translate` makes of data, in the model's value range.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        data: `Data`, fields by name, or samples in the model's value range.
        seed: Of what the use draws.

    Raises:
        UseError: The model has no such use.
    """
    runner = runner_of(subject, "translate", "translate")
    return next(iter(follow(runner, "translate", fields_of(runner, data), seed=seed).values()))
