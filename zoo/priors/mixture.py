"""Gaussian mixtures as priors: with one component a Gaussian, unfitted a standard normal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from zoo.errors import ModelError
from zoo.noise import Noise, categorical, normal
from zoo.precision import precise, precise_dtype
from zoo.priors.prior import Prior, check_codes, check_labelled

TURNS = 65536
"""Values of the draw that chooses a component: its weights are rounded to 1/65536."""
MOST_NUMBERS = 50_000_000
"""Of all covariances: 200 MB."""
RIDGE = 1e-4
"""Added to the variances of a fit, as a share of the mean variance of the codes."""


@keras.saving.register_keras_serializable("genzoo")
class MixturePrior(Prior):
    """Σ weight·N(mean, factor·factorᵀ), of each class its own where there are classes.

    A code is mean + factor·noise of a component that an integer chooses. The weights are those of
    a standard normal until they are fitted: by scikit-learn's `GaussianMixture` (`fit`), or by a
    training step that moves `means` and `factors` (one component).

    Args:
        dim: Length of a code.
        classes: How many classes have a mixture of their own; None for one mixture of all.
        components: Of each mixture.
    """

    def __init__(
        self, dim: int, classes: int | None = None, *, components: int = 1, **options: Any
    ) -> None:
        super().__init__(dim, classes, **options)
        self.components = components
        mixtures = classes or 1
        if (numbers := mixtures * components * dim**2) > MOST_NUMBERS:
            raise ModelError(
                f"The covariances of a mixture are at most {MOST_NUMBERS:,} numbers. Received: "
                f"{numbers:,}, of {mixtures * components} normal distributions of {dim} numbers. "
                "Accepted: fewer components, or the priors aggregated and flow."
            )
        sizes = {
            "mixing": (mixtures, components),
            "means": (mixtures, components, dim),
            "factors": (mixtures, components, dim, dim),
        }
        values = {
            "mixing": np.full(sizes["mixing"], 1 / components),
            "means": np.zeros(sizes["means"]),
            "factors": np.broadcast_to(np.eye(dim), sizes["factors"]),
        }
        for name, shape in sizes.items():
            weight = self.add_weight(
                shape=shape, initializer="zeros", trainable=False, autocast=False, name=name
            )
            weight.assign(values[name].astype(weight.dtype))
            setattr(self, name, weight)
        self.built = True

    @property
    def draws(self) -> Mapping[str, Noise]:
        """Normal noise, and where there are several components an integer."""
        chosen = {"code_component": categorical(TURNS)} if self.components > 1 else {}
        return {"code_noise": normal(self.dim), **chosen}

    def call(self, inputs: Mapping[str, Any]) -> Any:
        """Mean + factor·noise of each row's component: `(batch, dim)`."""
        mixing, means, factors = map(ops.convert_to_tensor, (self.mixing, self.means, self.factors))
        noise = precise(inputs["code_noise"])
        if self.classes is None and self.components == 1:
            return means[0, 0] + ops.matmul(noise, ops.transpose(factors[0, 0]))
        labelled = self.classes is not None
        row = inputs["labels"] if labelled else ops.zeros_like(inputs["code_component"])
        index = row
        if self.components > 1:
            turn = ops.cast(inputs["code_component"], precise_dtype())
            ends = ops.take(ops.cumsum(TURNS * mixing, axis=-1)[:, :-1], row, axis=0)
            passed = ops.cast(ops.expand_dims(turn, -1) >= ends, "int32")
            index = row * self.components + ops.cast(ops.sum(passed, axis=-1), "int32")
        mean = ops.take(ops.reshape(means, (-1, self.dim)), index, axis=0)
        factor = ops.take(ops.reshape(factors, (-1, self.dim, self.dim)), index, axis=0)
        return mean + ops.sum(factor * ops.expand_dims(noise, 1), axis=-1)

    def log_density_rows(self, code: Any, labels: Any = None) -> Any:
        """Log Σ weight·N(code; mean, factor·factorᵀ): `(batch,)`, in nats.

        Args:
            code: `(batch, dim)`.
            labels: int `(batch,)`, where there are classes.
        """
        mixing, means, factors = map(ops.convert_to_tensor, (self.mixing, self.means, self.factors))
        if labels is None:
            labels = ops.zeros(ops.shape(code)[:1], dtype="int32")
        mixing, means, factors = (ops.take(w, labels, axis=0) for w in (mixing, means, factors))
        difference = ops.expand_dims(ops.expand_dims(precise(code), 1) - means, -1)
        white = ops.solve_triangular(factors, difference, lower=True)[..., 0]
        volume = ops.sum(ops.log(ops.diagonal(factors, axis1=-2, axis2=-1)), axis=-1)
        squares = ops.sum(ops.square(white), axis=-1)
        constant = 0.5 * self.dim * math.log(2 * math.pi)
        return ops.logsumexp(ops.log(mixing) - 0.5 * squares - volume - constant, axis=-1)

    def fit(self, codes: np.ndarray, labels: np.ndarray | None = None, *, seed: int = 0) -> None:
        """Fits each mixture by expectation–maximisation: scikit-learn's `GaussianMixture`.

        A class of fewer codes than components has as many components as codes; one without codes
        has the mixture of all.

        Args:
            codes: `(count, dim)`.
            labels: int `(count,)`, where there are classes.
            seed: Of the first components.

        Raises:
            ModelError: There are no codes, of another length, or no labels for them.
        """
        codes = check_codes(codes, self.dim)
        check_labelled(self, labels)
        groups = [codes] if labels is None else [codes[labels == c] for c in range(self._rows)]
        found = [_fitted(g if len(g) > 1 else codes, self.components, seed) for g in groups]
        for weight, values in zip(
            (self.mixing, self.means, self.factors), zip(*found, strict=True), strict=True
        ):
            weight.assign(np.stack(values).astype(weight.dtype))

    @property
    def _rows(self) -> int:
        return self.classes or 1

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "components": self.components}


def _fitted(codes: np.ndarray, components: int, seed: int) -> tuple[np.ndarray, ...]:
    """Weights, means and factors of one mixture; components that codes are too few for weigh 0."""
    from sklearn.mixture import GaussianMixture

    count = min(components, len(codes))
    ridge = RIDGE * float(codes.var(axis=0).mean()) + 1e-8
    found = GaussianMixture(count, reg_covar=ridge, random_state=seed).fit(codes)
    missing = components - count
    mixing = np.concatenate([found.weights_, np.zeros(missing)])
    means = np.concatenate([found.means_, np.repeat(found.means_[:1], missing, axis=0)])
    factors = np.linalg.cholesky(found.covariances_)
    return mixing, means, np.concatenate([factors, np.repeat(factors[:1], missing, axis=0)])
