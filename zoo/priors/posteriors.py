"""Mixtures of posteriors as priors: equal weights, a mean and deviations for each component."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from zoo import losses
from zoo.noise import Noise, categorical, normal
from zoo.precision import precise
from zoo.priors.prior import Prior, check_codes

CHUNK = 256
"""Components whose densities are computed at once: `(batch, 256, dim)` numbers."""
BANDWIDTHS = np.geomspace(0.02, 2.0, 40)
"""Shares of the codes' deviations that are tried as deviations of a kernel."""
LEAST_KERNELS = 100
"""Codes that decide the width of kernels, at least."""
LEAST = 1e-4
"""The smallest deviation of a kernel, as a share of the codes' mean deviation."""


class PosteriorMixture(Prior):
    """(1/K) Σ N(mean, diag(deviation²)): a code is mean + deviation·noise of one of K components.

    Standard normals until they are fitted.

    Args:
        dim: Length of a code.
        classes: None: it is the same for all classes.
        components: K.
    """

    def __init__(
        self, dim: int, classes: int | None = None, *, components: int = 100, **options: Any
    ) -> None:
        super().__init__(dim, classes, **options)
        self.components = components
        for name, start in {"means": "zeros", "deviations": "ones"}.items():
            weight = self.add_weight(
                (components, dim), start, trainable=False, autocast=False, name=name
            )
            setattr(self, name, weight)
        self.built = True

    @property
    def draws(self) -> Mapping[str, Noise]:
        """Normal noise, and the number of a component."""
        return {"code_noise": normal(self.dim), "code_component": categorical(self.components)}

    def call(self, inputs: Mapping[str, Any]) -> Any:
        """Mean + deviation·noise of each row's component: `(batch, dim)`."""
        means, deviations = map(ops.convert_to_tensor, (self.means, self.deviations))
        index = inputs["code_component"]
        spread = ops.take(deviations, index, axis=0) * precise(inputs["code_noise"])
        return ops.take(means, index, axis=0) + spread

    def log_density_rows(self, code: Any, labels: Any = None) -> Any:
        """Log (1/K) Σ N(code; mean, diag(deviation²)): `(batch,)`, in nats."""
        means, deviations = map(ops.convert_to_tensor, (self.means, self.deviations))
        found: Any = None
        for start in range(0, self.components, CHUNK):
            part = slice(start, start + CHUNK)
            pairs = losses.log_normal_pairs(
                precise(code), means[part], 2.0 * ops.log(deviations[part])
            )
            sums = ops.logsumexp(ops.sum(pairs, axis=-1), axis=-1)
            found = sums if found is None else ops.logaddexp(found, sums)
        return found - math.log(self.components)

    def hold(self, means: np.ndarray, deviations: np.ndarray) -> None:
        """Takes means and deviations `(K, dim)`."""
        self.means.assign(np.asarray(means, self.means.dtype))
        self.deviations.assign(np.asarray(deviations, self.deviations.dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "components": self.components}


@keras.saving.register_keras_serializable("genzoo")
class AggregatedPrior(PosteriorMixture):
    """The aggregated posterior of kept data, (1/K) Σ q(code | x).

    Of a model whose codes have no posterior, a kernel estimate: each kept code with the codes'
    deviations times the share of `BANDWIDTHS` under which the kept codes are likeliest, each by the
    others. It holds codes of data, and draws around them.
    """

    def fit(
        self,
        codes: np.ndarray,
        labels: np.ndarray | None = None,
        *,
        seed: int = 0,
        log_variances: np.ndarray | None = None,
    ) -> None:
        """Keeps the posteriors of `components` rows: chosen at random, or all in turn.

        Args:
            codes: Means `(count, dim)`.
            labels: Not read.
            seed: Of the choice.
            log_variances: Of the posteriors, of the same shape; None for a kernel estimate.

        Raises:
            ModelError: There are no codes, or of another length.
        """
        codes = check_codes(codes, self.dim)
        order = np.random.default_rng([seed]).permutation(len(codes))
        rows = np.resize(order, self.components)
        if log_variances is not None:
            self.hold(codes[rows], np.exp(0.5 * np.asarray(log_variances, "float64")[rows]))
            return
        kernel = kernel_deviations(codes[order[: max(self.components, LEAST_KERNELS)]])
        self.hold(codes[rows], np.broadcast_to(kernel, (self.components, self.dim)))


def kernel_deviations(codes: np.ndarray) -> np.ndarray:
    """The deviations `(dim,)` of normal kernels on codes, by leave-one-out likelihood.

    Those of the codes, times the share of `BANDWIDTHS` with the largest mean over codes, each of
    which counts once, of log (1/(n − 1)) Σ N(code; other code, deviations²).

    Args:
        codes: `(count, dim)`, at least two.
    """
    from scipy.special import logsumexp

    dim = codes.shape[1]
    deviations = codes.std(axis=0)
    codes = np.unique(codes, axis=0)
    deviations = np.maximum(deviations, LEAST * float(deviations.mean()) + 1e-8)
    scaled = codes / deviations
    norms = np.sum(scaled**2, axis=1)
    squares = np.maximum(norms[:, None] + norms - 2 * scaled @ scaled.T, 0.0)
    np.fill_diagonal(squares, np.inf)
    likelihoods = [
        float(np.mean(logsumexp(-0.5 * squares / share**2, axis=1))) - dim * math.log(share)
        for share in BANDWIDTHS
    ]
    return BANDWIDTHS[int(np.argmax(likelihoods))] * deviations
