"""Distributions of latents: draws, densities and distances, in nats, one number a row."""

import math
from typing import Any

from keras import ops

from zoo.precision import precise

LOG_VARIANCE = (-30.0, 20.0)
"""The bounds of a log variance in AutoencoderKL's reference code."""


def reparameterize(mean: Any, log_variance: Any, epsilon: Any) -> Any:
    """Mean + exp(½ log variance)·epsilon: a draw that gradients pass through.

    Source: Kingma & Welling, 2013, arXiv:1312.6114, section 2.4. All are `(batch, …)`.
    """
    return mean + ops.exp(0.5 * log_variance) * epsilon


def bounded_log_variance(log_variance: Any) -> Any:
    """The log variance within `LOG_VARIANCE`, so that its exponential is finite: the same shape."""
    return ops.clip(log_variance, *LOG_VARIANCE)


def standard_normal_kl_rows(mean: Any, log_variance: Any) -> Any:
    """KL(N(mean, variance) ‖ N(0, I)), summed over all but the batch: `(batch,)`.

    ½ Σ (μ² + σ² − 1 − log σ²): Kingma & Welling, 2013, arXiv:1312.6114, appendix B.

    Args:
        mean: `(batch, …)`: a vector, or a map.
        log_variance: `(batch, …)`.
    """
    mean, log_variance = precise(mean), precise(log_variance)
    return 0.5 * _summed(ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance)


def normal_kl_rows(mean: Any, log_variance: Any, prior_mean: Any, prior_log_variance: Any) -> Any:
    """KL(N(mean, variance) ‖ N(prior mean, prior variance)), summed over all but the batch.

    ½ Σ (log σ_p² − log σ² + (σ² + (μ − μ_p)²)/σ_p² − 1): `(batch,)`.

    Args:
        mean: `(batch, …)`.
        log_variance: `(batch, …)`.
        prior_mean: `(batch, …)`.
        prior_log_variance: `(batch, …)`.
    """
    mean, log_variance = precise(mean), precise(log_variance)
    prior_mean, prior_log_variance = precise(prior_mean), precise(prior_log_variance)
    ratio = log_variance - prior_log_variance
    squares = ops.square(mean - prior_mean) * ops.exp(-prior_log_variance)
    return 0.5 * _summed(ops.exp(ratio) + squares - 1.0 - ratio)


def precision_weighted(
    mean: Any, log_variance: Any, other_mean: Any, other_log_variance: Any
) -> tuple[Any, Any]:
    """The normal distribution that is the product of two, up to a factor: mean, log variance.

    Precisions 1/σ² add up, and weigh the means (Sønderby et al., 2016, arXiv:1602.02282).

    Args:
        mean: Of the one, `(batch, …)`.
        log_variance: Of the one.
        other_mean: Of the other.
        other_log_variance: Of the other.
    """
    mean, log_variance, other_mean, other_log_variance = map(
        precise, (mean, log_variance, other_mean, other_log_variance)
    )
    share = ops.sigmoid(other_log_variance - log_variance)  # of the one's precision
    merged = share * mean + (1.0 - share) * other_mean
    return merged, -ops.logaddexp(-log_variance, -other_log_variance)


def log_normal_rows(x: Any, mean: Any = 0.0, log_variance: Any = 0.0) -> Any:
    """Log N(x; mean, variance), summed over all but the batch: `(batch,)`.

    Args:
        x: `(batch, …)`.
        mean: Of the same shape, or a number.
        log_variance: Of the same shape, or a number.
    """
    x, mean, log_variance = precise(x), precise(mean), precise(log_variance)
    squares = ops.square(x - mean) * ops.exp(-log_variance)
    return -0.5 * _summed(squares + log_variance + math.log(2 * math.pi))


def log_normal_pairs(x: Any, mean: Any, log_variance: Any) -> Any:
    """Log N(x; mean, variance) of each x under each normal, dimension by dimension.

    Args:
        x: `(n, dim)`.
        mean: `(m, dim)`.
        log_variance: `(m, dim)`.

    Returns:
        `(n, m, dim)`.
    """
    x, mean, log_variance = precise(x)[:, None], precise(mean), precise(log_variance)
    squares = ops.square(x - mean) * ops.exp(-log_variance)
    return -0.5 * (squares + log_variance + math.log(2 * math.pi))


def log_mean_exp(x: Any, axis: int = -1) -> Any:
    """The logarithm of the mean of eˣ along an axis, without overflow."""
    x = precise(x)
    return ops.logsumexp(x, axis=axis) - ops.log(precise(ops.shape(x)[axis]))


def _summed(terms: Any) -> Any:
    return ops.sum(ops.reshape(terms, (ops.shape(terms)[0], -1)), axis=-1)
