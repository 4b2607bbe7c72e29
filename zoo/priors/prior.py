"""The base of priors: a layer that maps drawn noise to codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from zoo.errors import ModelError
from zoo.noise import Noise
from zoo.precision import precise_dtype


class Prior(keras.layers.Layer):
    """A distribution of codes, held as weights: noise `{name: (batch, …)}` → code `(batch, dim)`.

    Noise is an input, as everywhere: the same draws give the same codes on every backend and in an
    exported bundle. A subclass says what it draws, maps the draws to codes in `call`, fits itself
    to codes and gives their density; what it learns by gradients, such as a flow or pseudo-inputs,
    it holds as trainable weights, and a phase minimises −`log_density_rows`.

    Args:
        dim: Length of a code.
        classes: How many classes the codes have, where the distribution depends on them.

    Attributes:
        discrete: Whether codes are integers.
    """

    discrete = False

    def __init__(self, dim: int, classes: int | None = None, **options: Any) -> None:
        super().__init__(**({"dtype": precise_dtype()} | options))
        self.dim = dim
        self.classes = classes

    @property
    def draws(self) -> Mapping[str, Noise]:
        """The noise that `call` reads: name → distribution."""
        raise NotImplementedError(f"{type(self).__name__} defines draws.")

    def call(self, inputs: Mapping[str, Any]) -> Any:
        """Codes of draws, and of `labels` where there are classes."""
        raise NotImplementedError(f"{type(self).__name__} defines call().")

    def compute_output_spec(self, inputs: Mapping[str, Any]) -> Any:
        """Codes `(batch, dim)`."""
        dtype = "int32" if self.discrete else precise_dtype()
        return keras.KerasTensor((None, self.dim), dtype=dtype)

    def log_density_rows(self, code: Any, labels: Any = None) -> Any:
        """Log p(code), or log p(code | label): `(batch,)`, in nats."""
        raise NotImplementedError(f"{type(self).__name__} defines log_density_rows().")

    def fit(self, codes: np.ndarray, labels: np.ndarray | None = None, *, seed: int = 0) -> None:
        """Fits the distribution to codes `(count, dim)` of data, class by class."""
        raise NotImplementedError(f"{type(self).__name__} defines fit().")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "dim": self.dim, "classes": self.classes}


def prior_part(prior: Prior, *after: keras.layers.Layer, name: str = "code_prior") -> keras.Model:
    """A prior as a part: its draws, and `labels` where there are classes → `code`.

    Args:
        prior: The prior.
        after: Layers that its codes pass through.
        name: Of the part.
    """
    inputs = {
        port: keras.Input(noise.shape, dtype=noise.dtype, name=port)
        for port, noise in prior.draws.items()
    }
    if prior.classes is not None:
        inputs["labels"] = keras.Input((), dtype="int32", name="labels")
    code = prior(inputs)
    for layer in after:
        code = layer(code)
    return keras.Model(inputs, {"code": code}, name=name)


def check_codes(codes: np.ndarray, dim: int) -> np.ndarray:
    """Checks what a prior is fitted to, and returns it in float64.

    Raises:
        ModelError: There are fewer than 2 codes, of another length, or some that are not finite.
    """
    codes = np.asarray(codes, "float64")
    if codes.ndim != 2 or len(codes) < 2 or codes.shape[1] != dim:
        raise ModelError(
            f"A prior is fitted to at least 2 codes (count, {dim}). Received: {codes.shape}."
        )
    if not np.isfinite(codes).all():
        raise ModelError("A prior is fitted to finite codes. Received: NaN or infinite ones.")
    return codes


def check_indices(prior: Any, codes: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    """Checks what a prior of indices is fitted to, and returns it as integers.

    Args:
        prior: It has `dim`, `size` and `classes`.
        codes: `(count, dim)`.
        labels: `(count,)`, where there are classes.

    Raises:
        ModelError: There are fewer than 2 codes, of another length or size, or no labels for them.
    """
    codes = check_codes(codes, prior.dim)
    if codes.min() < 0 or codes.max() >= prior.size:
        raise ModelError(
            f"An index is from 0 to {prior.size - 1}. "
            f"Received: {int(codes.min())} to {int(codes.max())}."
        )
    check_labelled(prior, labels)
    return codes.astype("int64")


def check_labelled(prior: Prior, labels: np.ndarray | None) -> None:
    """Checks that there are labels where a prior has classes, and none else.

    Raises:
        ModelError: It is otherwise.
    """
    if (labels is None) != (prior.classes is None):
        raise ModelError(
            f"A prior of {prior.classes or 'no'} classes is fitted to codes "
            f"{'without' if prior.classes is None else 'with'} labels."
        )
