"""log p(data) of a model with a Gaussian posterior and a standard normal prior, in nats."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from zoo.metrics.fidelity import Estimate

LogLikelihood = Callable[[np.ndarray], np.ndarray]
"""Latents `(count, …)`, one for each row of data in order → log p(data | latent) `(count,)`."""


def importance_weighted_nll(
    mean: np.ndarray,
    log_variance: np.ndarray,
    log_likelihood: LogLikelihood,
    *,
    draws: int = 100,
    seed: int = 0,
) -> Estimate:
    """−log (1/K) Σ p(data | z)·p(z) / q(z | data), z drawn from q; the mean over rows of data.

    Burda et al., 2015, arXiv:1509.00519, section 5: an upper bound on −log p(data) on average,
    which falls towards it as K grows. The standard error is that of the mean over the rows.

    Args:
        mean: Of q(z | data), `(count, …)`.
        log_variance: Of the same shape.
        log_likelihood: log p(data | z) of each row, for latents of that shape.
        draws: K; the papers' tables use 5,000.
        seed: Of the draws.
    """
    from scipy.special import logsumexp

    rng = np.random.default_rng([seed])
    mean, log_variance = (np.asarray(x, dtype="float64") for x in (mean, log_variance))
    weights = np.empty((draws, len(mean)))
    for draw in range(draws):
        epsilon = rng.standard_normal(mean.shape)
        latent = mean + np.exp(0.5 * log_variance) * epsilon
        # The constants of prior and posterior cancel.
        log_ratio = 0.5 * (epsilon**2 + log_variance - latent**2)
        terms = np.asarray(log_likelihood(latent), dtype="float64")
        weights[draw] = terms + log_ratio.reshape(len(mean), -1).sum(axis=1)
    rows = math.log(draws) - logsumexp(weights, axis=0)
    return Estimate(float(rows.mean()), float(rows.std(ddof=1) / math.sqrt(len(rows))))
