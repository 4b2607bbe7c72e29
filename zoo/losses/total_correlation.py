"""The divergence from the prior in three parts: information, correlation, and the rest."""

from typing import Any

from keras import ops

from zoo.losses.divergence import log_mean_exp, log_normal_pairs, log_normal_rows


def decomposed_kl(latent: Any, mean: Any, log_variance: Any) -> tuple[Any, Any, Any]:
    """E KL(q(latent | data) ‖ N(0, I)) as mutual information + total correlation + the rest.

    The three are I(data; latent), KL(q(latent) ‖ Π q(latent_j)) and Σ KL(q(latent_j) ‖ N(0, 1)),
    in nats, where q(latent) is the mean of the batch's posteriors (Chen et al., 2018,
    arXiv:1802.04942, section 4.1). The paper's minibatch weights divide it by the number of data
    as well, a constant, which moves the values and no gradient.

    Args:
        latent: A draw from each posterior `(batch, dim)`.
        mean: Of the posteriors `(batch, dim)`.
        log_variance: Of the posteriors `(batch, dim)`.
    """
    pairs = log_normal_pairs(latent, mean, log_variance)
    joint = log_mean_exp(ops.sum(pairs, axis=-1), axis=1)
    product = ops.sum(log_mean_exp(pairs, axis=1), axis=-1)
    own = log_normal_rows(latent, mean, log_variance)
    prior = log_normal_rows(latent)
    return ops.mean(own - joint), ops.mean(joint - product), ops.mean(product - prior)
