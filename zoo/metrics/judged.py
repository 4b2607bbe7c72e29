"""A model or a bundle in front of the reference: what it makes, computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from zoo.data import Data
from zoo.data.sources.table_form import Table
from zoo.errors import ModelError, suggestion
from zoo.metrics.features import Extracted
from zoo.metrics.reference import Reference
from zoo.metrics.tables import blocks
from zoo.uses import TARGET_LABELS, Use


@dataclass(frozen=True)
class Runner:
    """The common interface of a model, a bundle's session, and the command line's subject.

    Attributes:
        about: Shape, value range, number of classes, settings.
        table: The uses.
        use: `(name, count=, seed=, …)` → results by name.
        model: The Keras model, where it is one.
    """

    about: Any
    table: Mapping[str, Use]
    use: Callable[..., Mapping[str, np.ndarray]]
    model: Any = None

    @classmethod
    def of(cls, subject: Any) -> Runner:
        """Of a model, of a session of `export.runtime.load`, or of the command line's subject."""
        if isinstance(subject, Runner):
            return subject
        if hasattr(subject, "about"):
            return cls(subject.about, subject.table, subject.use)
        if hasattr(subject, "manifest"):
            return cls(subject.manifest, subject.uses, subject.use)
        return cls(subject, subject.table(), subject.use, subject)


class Judged:
    """The results of a runner's uses on the reference's rows, scaled as these are.

    Args:
        runner: The model, bundle or subject to judge.
        reference: The data, of the model's shape.
        seed: Of samples, and of what uses draw.
        predicted: The column of a table that classifiers tell; by default the last category.

    Raises:
        ModelError: The data have another shape, or no such column.
    """

    def __init__(
        self, runner: Runner, reference: Reference, seed: int = 0, predicted: str | None = None
    ) -> None:
        if tuple(reference.train.shape) != tuple(runner.about.shape):
            raise ModelError(
                f"The data have the model's shape {tuple(runner.about.shape)}. "
                f"Received: {tuple(reference.train.shape)}"
            )
        self.runner = runner
        self.reference = reference
        self.seed = seed
        schema = runner.about.settings.get("schema")
        self.table = None if schema is None else Table.from_config(schema)
        self.predicted = self._predicted(predicted)

    def _predicted(self, name: str | None) -> str | None:
        """The category that a classifier tells: by default the table's last; None without one."""
        names = [] if self.table is None else [c.name for c in self.table.categories]
        if name is not None and name not in names:
            raise ModelError(
                f"A classifier tells a column of categories. Received: {name!r}."
                f"{suggestion(name, names)} Accepted: {', '.join(names) or 'none'}."
            )
        return name or (names[-1] if names else None)

    @property
    def predicted_columns(self) -> slice | None:
        """The one-hot columns of the category that a classifier tells; None where there is none."""
        if self.table is None or self.predicted is None:
            return None
        categories = self.table.categories
        place = [column.name for column in categories].index(self.predicted)
        sizes = [len(column.categories) for column in categories]
        return blocks(len(self.table.numbers), sizes)[place]

    def reads(self, name: str) -> bool:
        """Whether there is a use that the data's fields, and draws, feed."""
        if name not in self.runner.table:
            return False
        use, held = self.runner.table[name], self.reference.test.shapes
        return all(value in held or value in use.draws for value in use.inputs)

    @cached_property
    def samples(self) -> np.ndarray:
        """As many samples as there are rows of test data."""
        labels = {} if self.labels is None else {"labels": self.labels}
        results = self.runner.use("sample", count=self.reference.count, seed=self.seed, **labels)
        return self._scaled(next(iter(results.values())))

    @cached_property
    def rows_as_known(self) -> np.ndarray:
        """As many samples as there are rows of training data."""
        count = len(self.reference.known)
        results = self.runner.use("sample", count=count, seed=self.seed)
        return self._scaled(next(iter(results.values())))

    def features_of(self, latent: np.ndarray) -> np.ndarray:
        """The features of samples from latents; whatever else is drawn is the same each time."""
        labels = {} if self.labels is None else {"labels": self.labels[: len(latent)]}
        results = self.runner.use("sample", latent=latent, seed=self.seed, **labels)
        return self.reference.features.extract(self._scaled(next(iter(results.values())))).features

    @cached_property
    def labels(self) -> np.ndarray | None:
        """The classes asked for, all in turn; None where samples have no label."""
        if "labels" not in self.runner.table["sample"].inputs:
            return None
        return (np.arange(self.reference.count) % self.runner.about.num_classes).astype("int32")

    @cached_property
    def made(self) -> Extracted:
        """The samples' features."""
        return self.reference.features.extract(self.samples)

    @cached_property
    def rebuilt(self) -> np.ndarray:
        """Reconstructions of the test data."""
        return next(iter(self.results("reconstruct").values()))

    @cached_property
    def translated(self) -> np.ndarray:
        """Translations of the test data, into every class in turn where there are classes."""
        return next(iter(self.results("translate").values()))

    @cached_property
    def target_labels(self) -> np.ndarray | None:
        """The classes that translations are into; None where the use reads none."""
        if TARGET_LABELS not in self.runner.table["translate"].inputs:
            return None
        return (np.arange(self.reference.count) % self.runner.about.num_classes).astype("int32")

    @property
    def small(self) -> np.ndarray:
        """The small data beside the test data, scaled as these are."""
        fields = self.reference.test.batch(self.reference.rows, self.reference.range)
        return np.asarray(fields["low"])

    def results(self, name: str) -> dict[str, np.ndarray]:
        """What a use that makes data makes of the test data, by name."""
        found = self._on(name, self.reference.test, self.reference.rows)
        return {key: self._scaled(values) for key, values in found.items()}

    @cached_property
    def train_codes(self) -> np.ndarray:
        """Codes of the training data."""
        return self._codes(self.reference.train, self.reference.train_rows)

    @cached_property
    def test_codes(self) -> np.ndarray:
        """Codes of the test data."""
        return self._codes(self.reference.test, self.reference.rows)

    @property
    def discrete(self) -> bool:
        """Whether codes are indices."""
        return self.test_codes.dtype.kind in "iu"

    @property
    def code_is_mean(self) -> bool:
        """Whether codes are the means of a posterior."""
        return self.runner.table["encode"].gives["code"].endswith("/mean")

    def _codes(self, data: Data, rows: np.ndarray) -> np.ndarray:
        return next(iter(self._on("encode", data, rows).values()))

    def _on(self, name: str, data: Data, rows: np.ndarray) -> Mapping[str, np.ndarray]:
        """A use on rows of data."""
        fields = data.batch(rows, self.runner.about.value_range)
        inputs = self.runner.table[name].inputs
        given = {key: fields[key] for key in inputs if key in fields}
        if TARGET_LABELS in inputs and self.target_labels is not None:
            given[TARGET_LABELS] = self.target_labels
        return self.runner.use(name, seed=self.seed, **given)

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        """From the model's range to (0, 1); without a range as they are."""
        if self.runner.about.value_range is None:
            return values
        low, high = self.runner.about.value_range
        return (np.asarray(values, dtype="float64") - low) / (high - low)
