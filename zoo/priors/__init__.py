"""Distributions of codes: fitted to those of data, drawn from without any."""

from zoo.priors.mixture import MixturePrior
from zoo.priors.moments import gaussians, outer_sums
from zoo.priors.prior import Prior, prior_part

__all__ = ["MixturePrior", "Prior", "gaussians", "outer_sums", "prior_part"]
