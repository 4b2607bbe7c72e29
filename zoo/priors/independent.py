"""A prior of discrete codes whose indices do not depend on each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from zoo import losses
from zoo.layers.token_writer import chosen_index
from zoo.noise import Noise, quantile
from zoo.precision import precise, precise_dtype
from zoo.priors.prior import Prior, check_indices


@keras.saving.register_keras_serializable("genzoo")
class IndependentPrior(Prior):
    """p(code) = Π p(index at its place): how often data have it there, one more for each value.

    All values are equally likely until it is fitted. What it leaves out is how the places of a code
    depend on each other, which `AutoregressivePrior` learns.

    Args:
        dim: Indices of a code.
        classes: How many classes have frequencies of their own; None for those of all codes.
        size: How many values an index has.
    """

    discrete = True

    def __init__(self, dim: int, classes: int | None = None, *, size: int, **options: Any) -> None:
        super().__init__(dim, classes, **options)
        self.size = size
        self.logits = self.add_weight(
            shape=(classes or 1, dim, size),
            initializer="zeros",
            trainable=False,
            autocast=False,
            name="logits",
        )
        self.built = True

    @property
    def draws(self) -> Mapping[str, Noise]:
        """A quantile for each index."""
        return {"code_quantile": quantile(self.dim)}

    def call(self, inputs: Mapping[str, Any]) -> Any:
        """Indices `(batch, dim)`, int32, each where the cumulated probability exceeds its draw."""
        quantiles = precise(inputs["code_quantile"])
        logits = self._rows(quantiles, inputs.get("labels"))
        flat = ops.reshape(logits, (-1, self.size))
        made = chosen_index(flat, ops.reshape(quantiles, (-1, 1)))
        return ops.reshape(made, (-1, self.dim))

    def log_density_rows(self, code: Any, labels: Any = None) -> Any:
        """Σ log p(index at its place): `(batch,)`, in nats."""
        chosen = ops.one_hot(ops.cast(code, "int32"), self.size, dtype=precise_dtype())
        logits = self._rows(precise(code), labels)
        return -ops.sum(losses.categorical_nats(chosen, logits), axis=-1)

    def _rows(self, like: Any, labels: Any) -> Any:
        """The logits of each row's class, `(batch, dim, size)`."""
        if labels is None:
            labels = ops.zeros_like(like[:, 0], dtype="int32")
        return ops.take(ops.convert_to_tensor(self.logits), labels, axis=0)

    def fit(self, codes: np.ndarray, labels: np.ndarray | None = None, *, seed: int = 0) -> None:
        """Counts the indices at each place, class by class.

        Args:
            codes: Integers `(count, dim)`.
            labels: int `(count,)`, where there are classes.
            seed: Not read.

        Raises:
            ModelError: There are no codes, of another length or size, or no labels for them.
        """
        codes = check_indices(self, codes, labels)
        rows = np.zeros(len(codes), "int64") if labels is None else np.asarray(labels)
        counts = np.ones(self.logits.shape)
        np.add.at(counts, (rows[:, None], np.arange(self.dim), codes), 1)
        self.logits.assign(np.log(counts / counts.sum(axis=-1, keepdims=True)))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "size": self.size}
