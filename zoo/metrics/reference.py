"""The data that models are held against, and what trivial baselines reach on them.

One reference serves any number of models: what it computes, it computes once.
"""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from zoo.data import Data, as_data
from zoo.errors import DataError, UseError
from zoo.metrics import baselines
from zoo.metrics import features as spaces
from zoo.metrics.representation import clustering, neighbour_accuracy, probe_accuracy

MOST = 10_000
"""Rows of either split that are looked at, evenly spaced, unless a count is given."""
HELD_OUT = 0.1
"""Of data without a test split."""


class Reference:
    """Rows of training and test data, scaled to (0, 1) or in their units, and their features.

    Args:
        train: The training data, `Data` or what `zoo.data.as_data` takes.
        test: Held-out data; without them, the end of the training data.
        bounded: Whether models scale the data to a range.
        features: The features that samples are compared in; see `zoo.metrics.features.choose`.
        count: Rows of test data, and samples: at most as many as there are test data.

    Raises:
        DataError: The data are tokens, or there are too few.
    """

    def __init__(
        self,
        train: Any,
        test: Any = None,
        *,
        bounded: bool = True,
        features: str | Path | spaces.Features | None = None,
        count: int | None = None,
    ) -> None:
        self.split = test is not None
        self.train, self.test = _splits(train, test)
        if self.train.fields["data"].kind == "index":
            raise DataError("Metrics are of numbers. Received: data that are tokens.")
        self.range = (0.0, 1.0) if bounded else None
        self.count = min(len(self.test), count or MOST)
        if self.count < 16:
            raise DataError(f"At least 16 rows are held out. Received: {self.count}")
        self.features = spaces.choose(features, self.train, self.range)
        self.rows = _spaced(len(self.test), self.count)
        self.train_rows = _spaced(len(self.train), MOST)
        self.representation = cache(self._representation)
        self.components_error = cache(self._components_error)

    @cached_property
    def known(self) -> np.ndarray:
        """Training data `(rows, *shape)`."""
        return self.train.batch(self.train_rows, self.range)["data"]

    @property
    def everything(self) -> np.ndarray:
        """All training data; not kept."""
        return self.train.batch(np.arange(len(self.train)), self.range)["data"]

    @cached_property
    def asked(self) -> np.ndarray:
        """Test data `(count, *shape)`."""
        return self.test.batch(self.rows, self.range)["data"]

    @property
    def labelled(self) -> bool:
        """Whether both splits have labels that are not hidden."""
        fields = [data.fields.get("labels") for data in (self.train, self.test)]
        return all(field is not None and not field.hidden for field in fields)

    @property
    def has_factors(self) -> bool:
        """Whether both splits tell what they were made of, in a field `factors`."""
        return all("factors" in data.fields for data in (self.train, self.test))

    @cached_property
    def known_labels(self) -> np.ndarray:
        """Of the training data."""
        return self.train.fields["labels"].values[self.train_rows]

    @cached_property
    def asked_labels(self) -> np.ndarray:
        """Of the test data."""
        return self.test.fields["labels"].values[self.rows]

    @property
    def known_factors(self) -> np.ndarray:
        """The factors of the training data, `(rows, factors)`."""
        return self.train.fields["factors"].rows(self.train_rows)

    @property
    def asked_factors(self) -> np.ndarray:
        """The factors of the test data."""
        return self.test.fields["factors"].rows(self.rows)

    @cached_property
    def real(self) -> spaces.Extracted:
        """Features of the test data."""
        return self.features.extract(self.asked)

    @cached_property
    def floor(self) -> spaces.Extracted:
        """Features of as many training data: what samples like the data would reach."""
        return self.features.extract(self.known[_spaced(len(self.known), self.count)])

    @cached_property
    def targets(self) -> np.ndarray | None:
        """What the test data should become, scaled as they are; None where there are no pairs."""
        return _targets(self.test, self.rows, self.range)

    @cached_property
    def domain(self) -> np.ndarray:
        """Test data of the domain that translations should be of: by default the data's own."""
        if self.targets is not None:
            return self.targets
        other = self.test.streams.get("other")
        if other is None:
            return self.asked
        return other.batch(_spaced(len(other), self.count), self.range)["data"]

    @cached_property
    def mean_target_error(self) -> float:
        """The squared error of the mean target of the training data."""
        known = _targets(self.train, self.train_rows, self.range)
        return baselines.mean_error(known, self.targets)

    @cached_property
    def mean_error(self) -> float:
        """The squared error of the mean of the training data."""
        return baselines.mean_error(self.known, self.asked)

    def _components_error(self, code_dim: int) -> float | None:
        """The squared error of as many principal components; None where that is no compression."""
        if code_dim >= min(len(self.known), int(np.prod(self.train.shape))):
            return None
        return baselines.principal_components_error(self.known, self.asked, code_dim)

    def _representation(self, metric: str) -> float:
        """A metric of `representation_scores` of the data themselves."""
        return representation_score(metric, self, self.known, self.asked)

    def describe(self) -> dict[str, Any]:
        """The conditions of an evaluation in JSON terms."""
        return {
            "data": self.train.origin.get("source", "arrays"),
            "train_hash": self.train.description["hash"],
            "test_hash": self.test.description["hash"],
            "held_out": "test split" if self.split else f"last {HELD_OUT:.0%} of the data",
            "count": self.count,
            "features": self.features.describe(),
        }


def representation_score(
    metric: str, reference: Reference, train_codes: np.ndarray, test_codes: np.ndarray
) -> float:
    """One metric of codes of the reference's rows."""
    labels, asked = reference.known_labels, reference.asked_labels
    match metric:
        case "neighbour_accuracy":
            return neighbour_accuracy(train_codes, labels, test_codes, asked)
        case "probe_accuracy":
            return probe_accuracy(train_codes, labels, test_codes, asked)
        case "clustering_accuracy":
            return clustering(test_codes, asked).accuracy
        case "clustering_nmi":
            return clustering(test_codes, asked).normalized_mutual_information
    raise UseError(f"A metric of codes has a function. Received: {metric!r}")


def _splits(train: Any, test: Any) -> tuple[Data, Data]:
    """Both splits as `Data`."""
    known = train if isinstance(train, Data) else as_data(train)
    if test is None:
        return known.split(HELD_OUT)
    return known, test if isinstance(test, Data) else as_data(test)


def _targets(data: Data, rows: np.ndarray, bounds: Any) -> np.ndarray | None:
    return data.batch(rows, bounds)["target"] if "target" in data.fields else None


def _spaced(length: int, count: int) -> np.ndarray:
    """Up to `count` row numbers, evenly spaced."""
    return np.linspace(0, length - 1, min(length, count)).astype(int)
