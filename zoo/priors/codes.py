"""The codes of data that priors are fitted to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoo.data import Data
from zoo.errors import ModelError
from zoo.model import GenerativeModel
from zoo.uses import complete_inputs, run_in_batches

BATCH_SIZE = 256
DRAWS = 10_000
"""Codes that a prior is fitted to, about, where posteriors give several of each row."""
POSTERIOR = ("mean", "log_variance")


@dataclass(frozen=True)
class Codes:
    """The codes of rows of data, flat: what `Kind.fit` reads.

    Attributes:
        model: The model that encodes.
        data: Fields of the rows, as the networks read them: in the model's range, standardized
            where it standardizes.
        codes: `(count, dim)`; the means where there are posteriors; integers of discrete codes.
        log_variances: Of Gaussian posteriors, of the same shape; None without.
        labels: The classes of the rows, where the prior has some.
    """

    model: GenerativeModel
    data: Mapping[str, np.ndarray]
    codes: np.ndarray
    log_variances: np.ndarray | None
    labels: np.ndarray | None

    def drawn(self, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Codes and their labels: draws from the posteriors where there are some, else the codes.

        The means alone vary less than the latents that the decoder was trained on, by far where a
        posterior is near the prior.
        """
        if self.log_variances is None:
            return self.codes, self.labels
        times = max(1, round(DRAWS / len(self.codes)))
        rows = np.tile(np.arange(len(self.codes)), times)
        epsilon = np.random.default_rng([seed]).standard_normal((len(rows), self.codes.shape[1]))
        drawn = self.codes[rows] + np.exp(0.5 * self.log_variances[rows]) * epsilon
        return drawn, None if self.labels is None else self.labels[rows]


def codes_of(
    model: GenerativeModel, data: Data, *, classes: bool, rows: int | None, seed: int
) -> Codes:
    """The codes of data.

    Args:
        model: A model that can encode.
        data: Its data.
        classes: Whether the labels are asked for.
        rows: How many rows at most, chosen at random; None for all.
        seed: Of the choice.

    Raises:
        ModelError: There are no labels.
    """
    chosen = np.arange(len(data))
    if rows is not None and rows < len(data):
        chosen = np.sort(np.random.default_rng([seed]).permutation(len(data))[:rows])
    fields = data.standardized(None).batch(chosen, model.value_range)
    if classes and "labels" not in fields:
        raise ModelError("A prior of classes is fitted to labelled data. Received: no labels.")
    use = model.table()["encode"]
    gives = dict(use.gives)
    if has_posterior(model):
        encoder = use.gives["code"].partition("/")[0]
        gives = {name: f"{encoder}/{name}" for name in ("mean", "log_variance")}
        gives["code"] = gives.pop("mean")
    use = replace(use, gives=gives)
    given = {name: fields[name] for name in use.inputs if name in fields}
    inputs = complete_inputs("encode", use, given, seed=seed)
    with model.averaged_weights():
        found = run_in_batches(use, model._call_part, inputs, BATCH_SIZE)
    flat = {name: _flat(values) for name, values in found.items()}
    standardization = model.standardization
    read: dict[str, Any] = dict(fields)
    if standardization is not None:
        read["data"] = standardization.apply(read["data"])
    labels = fields["labels"] if classes else None
    return Codes(model, read, flat["code"], flat.get("log_variance"), labels)


def has_posterior(model: GenerativeModel) -> bool:
    """Whether a code is the mean of a Gaussian posterior whose variances the encoder tells."""
    return model.code == "mean" and set(POSTERIOR) <= set(model.encoder.output)


def code_shape(model: GenerativeModel) -> tuple[int, ...]:
    """The shape of one code."""
    return tuple(model.encoder.output[model.code].shape[1:])


def code_length(model: GenerativeModel) -> int:
    """How many numbers a code has."""
    return math.prod(code_shape(model))


def is_discrete(model: GenerativeModel) -> bool:
    """Whether codes are integers."""
    return "int" in model.encoder.output[model.code].dtype


def _flat(values: np.ndarray) -> np.ndarray:
    rows = values.reshape(len(values), -1)
    return rows if rows.dtype.kind in "iu" else rows.astype("float64")
