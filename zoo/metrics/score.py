"""The results of an evaluation: scores, each beside its baselines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Score:
    """One metric of one model.

    Attributes:
        metric: Its name.
        value: The number.
        standard_error: Of the number, where it is known.
        features: The name of the features that it was measured in, or of the column of a table,
            where it was in some.
        beside: Baselines of the number: name → the same metric of that.
    """

    metric: str
    value: float
    standard_error: float | None = None
    features: str | None = None
    beside: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The score in JSON terms; null for numbers that are not finite."""
        found: dict[str, Any] = {"metric": self.metric, "value": finite(self.value)}
        if self.standard_error is not None:
            found["standard_error"] = finite(self.standard_error)
        if self.features is not None:
            found["features"] = self.features
        beside = {name: finite(value) for name, value in self.beside.items()}
        return found | ({"beside": beside} if beside else {})


@dataclass(frozen=True)
class Report:
    """Scores and their conditions.

    Attributes:
        scores: In the order of the groups.
        conditions: Counts, seed, hashes of the data, the features.
    """

    scores: Sequence[Score]
    conditions: Mapping[str, Any]

    def __getitem__(self, metric: str) -> float:
        return next(score.value for score in self.scores if score.metric == metric)

    def __contains__(self, metric: object) -> bool:
        return any(score.metric == metric for score in self.scores)

    def to_json(self) -> dict[str, Any]:
        """In JSON terms."""
        return {**self.conditions, "scores": [score.to_json() for score in self.scores]}


def finite(value: float) -> float | None:
    """The number, or None where JSON has none for it."""
    return value if math.isfinite(value) else None
