"""Distances between a posterior and a prior, in nats."""

from typing import Any

from keras import ops


def standard_normal_divergence(mean: Any, log_variance: Any) -> Any:
    """KL(N(mean, variance) ‖ N(0, I)): summed over the latent, mean over the batch.

    ½ Σ (μ² + σ² − 1 − log σ²): Kingma & Welling, 2013, arXiv:1312.6114, appendix B.

    Args:
        mean: `(batch, latent_dim)`.
        log_variance: `(batch, latent_dim)`.
    """
    mean, log_variance = ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
    terms = ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance
    return 0.5 * ops.mean(ops.sum(terms, axis=-1))
