"""log p(data) of a model with a Gaussian posterior, in nats."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from zoo.metrics.fidelity import Estimate

LogLikelihood = Callable[[np.ndarray], np.ndarray]
"""Latents `(count, …)`, one for each row of data in order → log p(data | latent) `(count,)`."""
LogPrior = Callable[[np.ndarray], np.ndarray]
"""Latents `(count, …)`, one for each row of data in order → log p(latent) `(count,)`."""


def importance_weighted_nll(
    mean: np.ndarray,
    log_variance: np.ndarray,
    log_likelihood: LogLikelihood,
    *,
    log_prior: LogPrior | None = None,
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
        log_prior: log p(z) of each row; that of a standard normal by default.
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
        terms = np.asarray(log_likelihood(latent), dtype="float64")
        # log N(z; mean, variance) without its constant, which cancels that of a normal prior.
        weights[draw] = terms + 0.5 * _summed(epsilon**2 + log_variance)
        if log_prior is None:
            weights[draw] -= 0.5 * _summed(latent**2)
        else:
            constant = 0.5 * latent[0].size * math.log(2 * math.pi)
            weights[draw] += np.asarray(log_prior(latent), dtype="float64") + constant
    rows = math.log(draws) - logsumexp(weights, axis=0)
    return Estimate(float(rows.mean()), float(rows.std(ddof=1) / math.sqrt(len(rows))))


def _summed(terms: np.ndarray) -> np.ndarray:
    return terms.reshape(len(terms), -1).sum(axis=1)
