"""Densities fitted to codes: what makes an autoencoder without a prior a generator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from export.errors import ExportError
from zoo.noise import Noise, normal, uniform

MIN_CODES = 2
"""Codes a component of the mixture, at least."""


@dataclass(frozen=True)
class Density:
    """A mixture of normal distributions over flattened codes.

    Attributes:
        weights: Of the components, `(components,)`, positive, their sum is 1.
        means: `(components, size)`.
        factors: `(components, size, size)`, lower triangular: each covariance is factor·factorᵀ.
        shape: Of one code; its product is `size`.
    """

    weights: np.ndarray
    means: np.ndarray
    factors: np.ndarray
    shape: tuple[int, ...]

    @property
    def components(self) -> int:
        """How many normal distributions are mixed."""
        return len(self.weights)

    @property
    def size(self) -> int:
        """How many numbers a code has."""
        return self.means.shape[1]

    @property
    def noises(self) -> dict[str, Noise]:
        """The random inputs that a code is made of, and how each is drawn."""
        found = {"noise": normal(self.size)}
        return found | ({"choice": uniform()} if self.components > 1 else {})

    @property
    def thresholds(self) -> np.ndarray:
        """`(components − 1,)`: a choice in [0, 1) takes the component of as many as it reaches."""
        return np.cumsum(self.weights)[:-1].astype("float32")

    def draw(
        self, noise: np.ndarray, choice: np.ndarray | None = None, truncation: float = 1.0
    ) -> np.ndarray:
        """Makes codes `(count, *shape)` of random numbers.

        Args:
            noise: Standard normal, `(count, size)`.
            choice: Uniform on [0, 1), `(count,)`: which component. Not read where there is one.
            truncation: Factor on the distance from the component's mean.
        """
        index = np.zeros(len(noise), dtype=int)
        if choice is not None:
            index = (choice[:, None] >= self.thresholds).sum(axis=1)
        moved = np.einsum("bij,bj->bi", self.factors[index], noise)
        codes = self.means[index] + np.float32(truncation) * moved
        return codes.reshape(len(noise), *self.shape).astype("float32")


def fit_density(codes: np.ndarray, components: int = 1, *, seed: int = 0) -> Density:
    """Fits a normal distribution, or a mixture of several, with full covariances.

    By expectation maximisation (scikit-learn's `GaussianMixture`).

    Args:
        codes: Float `(count, *shape)`, as `encode` gives them.
        components: How many normal distributions.
        seed: Of the first guess.

    Raises:
        ExportError: The codes are integers, not finite, or too few.
    """
    from sklearn.mixture import GaussianMixture

    codes = np.asarray(codes)
    if not np.issubdtype(codes.dtype, np.floating) or codes.ndim < 2:
        raise ExportError(
            "A density is fitted to floating-point codes (count, …). "
            f"Received: {codes.dtype} {codes.shape}."
        )
    if not isinstance(components, int) or components < 1:
        raise ExportError(f"A mixture has at least 1 component. Received: {components!r}.")
    if len(codes) < MIN_CODES * components:
        raise ExportError(
            f"A mixture of {components} needs at least {MIN_CODES * components} codes. "
            f"Received: {len(codes)}."
        )
    if not np.isfinite(codes).all():
        raise ExportError("Codes must be finite. Received: NaN or infinite values.")
    flat = codes.reshape(len(codes), -1).astype("float64")
    mixture = GaussianMixture(components, covariance_type="full", random_state=seed).fit(flat)
    return Density(
        weights=mixture.weights_.astype("float32"),
        means=mixture.means_.astype("float32"),
        factors=np.linalg.cholesky(mixture.covariances_).astype("float32"),
        shape=codes.shape[1:],
    )
