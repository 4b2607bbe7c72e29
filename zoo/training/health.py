"""Warnings about models that do not learn: collapsed samples, reconstructions that are the mean."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np

from zoo.data import Data

ROWS = 64
FIRST_STEP = 200
MIN_DIVERSITY = 0.1
"""Share of the data's variance that samples have at least."""
MAX_ERROR = 0.95
"""Squared error of reconstructions, as a share of the mean datum's: nothing is learnt above it."""
MAX_ACCURACY = 0.9999
"""Share of pairs of data and samples in the right order; in a game that goes on it may be .997."""
MIN_FAKE = 0.05
"""The least that samples get of a discriminator in a balanced game: a probability or a score."""
MIN_PERPLEXITY = 2.0
"""Codes in effective use, below which a codebook has collapsed."""


class HealthWarning(UserWarning):
    """A model that trains without an error, and does not learn."""


class HealthChecks(keras.callbacks.Callback):
    """Warns at the end of an epoch, once for each finding, where a model does not learn.

    Keras calls it: warnings are of this module, since of the caller's they would be Keras's.

    Args:
        data: The training data, of which a few rows are looked at.
        first_step: The step before which a model may look untrained.
    """

    def __init__(self, data: Any, first_step: int = FIRST_STEP) -> None:
        super().__init__()
        self.data = data if isinstance(data, Data) else None
        self.first_step = first_step
        self._reported: set[str] = set()

    def _steps(self) -> int:
        return int(keras.ops.convert_to_numpy(self.model.steps))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Compares the steps with those of a first stage."""
        steps, first = self._steps(), self.model.first_step
        if first and steps <= first:
            warnings.warn(
                f"All of the {steps} steps were of the first stage, which takes {first}: what "
                "follows it is untrained. Accepted: more steps, or a shorter stage (zoo describe).",
                HealthWarning,
                stacklevel=1,
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at a few samples and reconstructions, and at the logs."""
        if self._steps() < max(self.first_step, self.model.first_step + 1):
            return
        for name, message in findings(self.model, self.data, logs or {}).items():
            if name not in self._reported:
                self._reported.add(name)
                warnings.warn(f"After epoch {epoch + 1}: {message}", HealthWarning, stacklevel=1)


def findings(model: Any, data: Data | None, logs: dict[str, Any]) -> dict[str, str]:
    """The signs that a model does not learn: name → sentence."""
    found: dict[str, str] = {}
    if data is not None and np.issubdtype(
        data.first(1, model.value_range)["data"].dtype, np.floating
    ):
        found |= _about_data(model, data)
    accuracy = logs.get("discriminator_accuracy", 0.0)
    wins = accuracy > MAX_ACCURACY and logs.get("discriminator_fake", 0.0) < MIN_FAKE
    # A critic that estimates a distance may tell all of them apart, and go on teaching.
    if wins and getattr(model, "loss", None) != "wasserstein":
        found["accuracy"] = (
            f"the discriminator tells samples from data in {accuracy:.1%} of pairs: it wins, and "
            "the generator learns little. Try a penalty (penalties.r1=10), augmentation, "
            "label_smoothing, or a lower discriminator_learning_rate."
        )
    perplexity = logs.get("perplexity")
    of_codes = getattr(model, "vocabulary_size", None) is None  # That of text may be small.
    if perplexity is not None and of_codes and perplexity < MIN_PERPLEXITY:
        found["perplexity"] = (
            f"{perplexity:.2f} codes are in effective use: the codebook has collapsed. Try more "
            "steps, a lower learning rate, or data_variance as it is in the data."
        )
    return found


def _about_data(model: Any, data: Data) -> dict[str, str]:
    batch = data.standardized(None).first(ROWS, model.value_range)
    real = batch["data"].astype("float64")
    variance = float(np.mean(np.var(real, axis=0)))
    table = model.table()
    if len(real) < 8 or not variance:
        return {}
    found = {}
    if "sample" in table:
        samples = model.sample(len(real)).astype("float64")
        share = float(np.mean(np.var(samples, axis=0))) / variance
        if share < MIN_DIVERSITY:
            found["diversity"] = (
                f"samples vary {share:.1%} as much as the data: the generator has collapsed. Try "
                "normalization, a lower learning rate, a penalty (penalties.r1=10), or pac_gan."
            )
    if "reconstruct" in table:
        rebuilt = model.use("reconstruct", **{k: batch[k] for k in table["reconstruct"].inputs})
        error = float(np.mean(np.square(rebuilt["reconstruction"] - real))) / variance
        if error > MAX_ERROR:
            found["reconstruction"] = (
                f"reconstructions have {error:.2f} of the squared error of the mean datum: nothing "
                "is learnt yet. Try more steps, another learning rate, or a wider network."
            )
    return found
