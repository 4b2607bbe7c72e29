"""Losses: pure functions, tensors in, float32 scalars out, means over the batch."""

from zoo.losses.adversarial import (
    minimax_generator,
    non_saturating_generator,
    standard_discriminator,
    wasserstein_critic,
    wasserstein_generator,
)
from zoo.losses.divergence import standard_normal_divergence
from zoo.losses.reconstruction import (
    bernoulli,
    binary_cross_entropy,
    gaussian,
    mean_squared_error,
)
from zoo.losses.regularization import l1, l2, unit_norm

__all__ = [
    "bernoulli",
    "binary_cross_entropy",
    "gaussian",
    "l1",
    "l2",
    "mean_squared_error",
    "minimax_generator",
    "non_saturating_generator",
    "standard_discriminator",
    "standard_normal_divergence",
    "unit_norm",
    "wasserstein_critic",
    "wasserstein_generator",
]
