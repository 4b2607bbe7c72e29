"""Losses: pure functions of tensors, in float32.

Those named `…_rows` give one number a row `(batch,)`; losses and penalties are scalars, means over
the batch; the rest are pieces of them, which say what they return.
"""

from zoo.losses.adversarial import (
    diversity,
    falling,
    feature_distance,
    hinge_discriminator,
    least_squares_discriminator,
    least_squares_generator,
    minimax_generator,
    non_saturating_generator,
    pair_accuracy,
    relativistic_average_discriminator,
    relativistic_discriminator,
    relativistic_hinge_discriminator,
    relativistic_least_squares_discriminator,
    standard_discriminator,
    top,
    wasserstein_critic,
    wasserstein_generator,
)
from zoo.losses.classification import class_cross_entropy
from zoo.losses.discrepancy import gaussian, inverse_multiquadratic, maximum_mean_discrepancy
from zoo.losses.divergence import (
    bounded_log_variance,
    log_mean_exp,
    log_normal_pairs,
    log_normal_rows,
    normal_kl_rows,
    precision_weighted,
    reparameterize,
    standard_normal_kl_rows,
)
from zoo.losses.energy import equilibrium, pulling_away
from zoo.losses.penalties import half_squared_norm, squared_norm
from zoo.losses.reconstruction import (
    bernoulli_rows,
    binary_cross_entropy,
    categorical_nats,
    gaussian_rows,
    mean_absolute_error,
    mean_squared_error,
    perplexity,
)
from zoo.losses.regularization import (
    jacobian_norm_rows,
    l1,
    l2,
    orthogonality,
    sparsity,
    unit_norm,
)
from zoo.losses.total_correlation import decomposed_kl

__all__ = [
    "bernoulli_rows",
    "binary_cross_entropy",
    "bounded_log_variance",
    "categorical_nats",
    "class_cross_entropy",
    "decomposed_kl",
    "diversity",
    "reparameterize",
    "equilibrium",
    "falling",
    "feature_distance",
    "gaussian",
    "gaussian_rows",
    "half_squared_norm",
    "hinge_discriminator",
    "inverse_multiquadratic",
    "jacobian_norm_rows",
    "l1",
    "l2",
    "least_squares_discriminator",
    "least_squares_generator",
    "log_mean_exp",
    "log_normal_pairs",
    "log_normal_rows",
    "maximum_mean_discrepancy",
    "mean_absolute_error",
    "mean_squared_error",
    "minimax_generator",
    "non_saturating_generator",
    "orthogonality",
    "pair_accuracy",
    "normal_kl_rows",
    "perplexity",
    "precision_weighted",
    "pulling_away",
    "relativistic_average_discriminator",
    "relativistic_discriminator",
    "relativistic_hinge_discriminator",
    "relativistic_least_squares_discriminator",
    "sparsity",
    "squared_norm",
    "standard_discriminator",
    "standard_normal_kl_rows",
    "top",
    "unit_norm",
    "wasserstein_critic",
    "wasserstein_generator",
]
